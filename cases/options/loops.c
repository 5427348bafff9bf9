/* Loops, and branches of which one side is hardly ever taken. */
int other(int);
void report(const char *);

unsigned sum(const unsigned *p, unsigned n)
{
	unsigned total = 0;

	for (unsigned i = 0; i < n; i++) {
		if (p[i] > 1000)
			report("large");
		total += p[i] ^ (total >> 3);
	}
	return total + other(n);
}

unsigned last(const char *s)
{
	const char *end = s;

	while (*end)
		end++;
	do {
		if (*--end == '/')
			return end - s;
	} while (end > s);
	return 0;
}

int rare(int x)
{
	if (__builtin_expect(x == 77, 0)) {
		report("one");
		report("two");
		report("three");
		report("four");
	}
	return x + 1;
}

/* Sixteen rounds: how far they are unrolled depends on the level. */
unsigned rounds(unsigned x, const unsigned *k)
{
	for (int i = 0; i < 16; i++) {
		x ^= k[i] + (x << 5);
		x += k[i] ^ (x >> 7);
		x *= k[i] | 1;
		x -= (x << 3) ^ k[i];
		x ^= x >> 11;
	}
	return x;
}

/* With a debugger in mind, a call says where its arguments came from. */
void tell(int);

void told(int a, int b)
{
	tell(a);
	tell(b);
	tell(3);
}
