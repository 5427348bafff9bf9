/* A dense switch, which becomes a table of places to jump to. */
int other(int);
int a(int), b(int), c(int), d(int), e(int), f(int);

int choose(int x, int y)
{
	switch (x) {
	case 0:
		return a(y) + 1;
	case 1:
		return b(y) * 3;
	case 2:
		return c(y) - 7;
	case 3:
		return d(y) ^ 5;
	case 4:
		return e(y) | 9;
	case 5:
		return f(y) & 6;
	case 6:
		return a(y) - b(y);
	case 7:
		return b(y) + 7;
	case 8:
		return c(y) * 8;
	case 9:
		return d(y) - 9;
	case 10:
		return e(y) ^ 10;
	case 11:
		return f(y) | 11;
	case 12:
		return a(y) & 12;
	case 13:
		return b(y) + 13;
	case 14:
		return c(y) * 14;
	case 15:
		return d(y) - 15;
	case 16:
		return e(y) ^ 16;
	case 17:
		return f(y) | 17;
	case 18:
		return a(y) & 18;
	case 19:
		return b(y) + 19;
	default:
		return other(y);
	}
}
