/* The second module: every other source here imports this function. It refers to nothing local, so
   that no name with a hash of the module gets into an object. */
int other(int x)
{
	return x * 3 + 1;
}
