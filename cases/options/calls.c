/* Calls of every kind: direct, indirect, variadic, last in a function; and values alive across them. */
int other(int);
int outside(int);
int print(const char *, ...);
struct ops {
	int (*open)(int);
	int (*close)(int, long);
};

int through(const struct ops *ops, int x)
{
	int first = ops->open(x);
	int second = ops->close(x, 5);

	return first + second + outside(first) + other(second);
}

int sibling(int x)
{
	return outside(x + 1);
}

int sibling_through(int (*f)(int), int x)
{
	return f(x);
}

int several(int a, int b, int c, int d)
{
	int r = outside(a) + outside(b);

	print("%d %d", r, c);
	return r + outside(c) + outside(d);
}

static int helper(int a, int b)
{
	return outside(a) * outside(b) + outside(a + b) + outside(a - b);
}

int one(int a, int b)
{
	return helper(a, b) + 1;
}

int two(int a, int b)
{
	return helper(b, a) + 2;
}

int leaf(int a, int b, int c)
{
	return a * b + c;
}

/* More values at once than there are registers. */
long pressed(const volatile long *p)
{
	long v[28];

#pragma clang loop unroll(full)
	for (int i = 0; i < 28; i++)
		v[i] = p[i];
	long r = 0;

#pragma clang loop unroll(full)
	for (int i = 0; i < 28; i++)
		r = (r << 1) ^ v[27 - i];
	return r;
}
