module readmostly/tests/go

go 1.19
