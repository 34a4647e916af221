module readmostly/impls/go

go 1.19
