source_a.o := /k/a.c

deps_a.o := \
    $(wildcard include/config/X) \
  /k/include/a.h \

a.o: $(deps_a.o)

$(deps_a.o):
