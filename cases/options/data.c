/* Variables of every kind, and values whose type a front end decides. */
int other(int);
extern int elsewhere;
extern int elsewhere_weak __attribute__((weak));
int zero, one = 1, two = 2;
int tentative;
const int table[] = { 3, 1, 4, 1, 5, 9, 2, 6 };
static int counter;
__thread int per_thread = 7;
static __thread int per_thread_static;
enum small { FIRST, SECOND };
#ifdef X
int defined = X;
#endif

int *address(void)
{
	return &counter;
}

int count(int n)
{
	counter += other(n);
	elsewhere += counter + per_thread + per_thread_static++;
	return zero + one + two + table[n & 7];
}

int *weak(void)
{
	return &elsewhere_weak;
}

const char *file(void)
{
	return __FILE__;
}

int wide(void)
{
	return sizeof(L"ab") + sizeof(enum small) * 100;
}

int negative(char c)
{
	return c < 0;
}

int overflows(int x)
{
	return x + 1 > x;
}

int changes(int *i, float *f)
{
	*i = 1;
	*f = 2;
	return *i;
}

int null(int *p)
{
	int v = *p;

	return p ? v : -1;
}

int exported_callee(int x)
{
	return x * 7;
}

int exported_caller(int x)
{
	return exported_callee(x) + 1;
}
