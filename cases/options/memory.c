/* Memory: blocks, unaligned and atomic accesses, vectors, numbers with a point. */
int other(int);
void *memset(void *, int, __SIZE_TYPE__);
void *memcpy(void *, const void *, __SIZE_TYPE__);
__SIZE_TYPE__ strlen(const char *);
int printf(const char *, ...);
struct block {
	long a[12];
};
struct __attribute__((packed)) packed {
	char c;
	long l;
};

void clear(struct block *b)
{
	memset(b, 0, sizeof(*b));
}

void copy(struct block *to, const struct block *from)
{
	memcpy(to, from, sizeof(*to));
}

long load(const struct packed *p)
{
	return p->l + other(p->c);
}

int add(int *p, int n)
{
	return __atomic_fetch_add(p, n, __ATOMIC_ACQ_REL);
}

void scale(unsigned *to, const unsigned *from, int n)
{
	for (int i = 0; i < n; i++)
		to[i] = from[i] * 5 + 3;
}

void multiply(unsigned *to, const unsigned *from, int n)
{
	for (int i = 0; i < n; i++)
		to[i] *= from[i];
}

void swap(unsigned *words, int n)
{
	for (int i = 0; i < n; i++)
		words[i] = __builtin_bswap32(words[i]);
}

__SIZE_TYPE__ known(void)
{
	return strlen("known") + (printf("line\n") > 0);
}

#ifndef NO_FLOAT
double half(double x, float y)
{
	return x / 2 + y;
}

void spread(double *to, const double *from, double by)
{
	for (int i = 0; i < 64; i++)
		to[i] = from[0] * by + from[i];
}

#ifndef NO_LONG_DOUBLE
long double third(long double x)
{
	return x / 3;
}
#endif

double root(double x)
{
	return __builtin_sqrt(x);
}
#endif
