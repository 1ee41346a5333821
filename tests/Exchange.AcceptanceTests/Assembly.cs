// Much of a journey is waiting: for processes, for the lease of a killed one, for other tests at the same server.
[assembly: Parallelize(Workers = 8, Scope = ExecutionScope.MethodLevel)]
