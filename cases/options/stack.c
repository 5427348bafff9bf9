/* Frames: arrays, a size known only at run time, a page or more, and values never set. */
int other(int);
void fill(char *);
void use(int);

int frame(int n)
{
	char buffer[64];

	fill(buffer);
	return buffer[n & 63] + other(n);
}

int frame_of_size(int n)
{
	char buffer[n];

	fill(buffer);
	return buffer[0];
}

void large(void)
{
	char buffer[3 * 4096];

	fill(buffer);
	use(buffer[7]);
}

int unset(int n)
{
	int values[4];

	if (n)
		fill((char *)values);
	return values[n & 3];
}

long leaf(long a, long b)
{
	volatile long x = a;
	volatile long y[4] = { b, a, b, a };

	return x + y[a & 3];
}
