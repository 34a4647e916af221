# Throughput against threads, one line per map: a quick look while a run
# goes on. Reads columns map, threads, mops, low, high by name.
#   gnuplot scaling.gp                        in the terminal (ssh)
#   gnuplot -e "out='scaling.svg'" scaling.gp into a file, .svg or .pdf
#   gnuplot -e "csv='...'; maps='gomap_rw syncmap'" scaling.gp
if (!exists("csv")) csv = 'scaling.csv'
if (!exists("title")) title = 'throughput of '.csv
set datafile separator ','
set datafile missing ''
if (exists("out")) {
	if (out[strlen(out)-3:*] eq '.pdf') {
		set terminal pdfcairo size 14cm,9cm font 'Arial,9'
	} else {
		set terminal svg size 720,460 font 'Arial,12' background '#ffffff'
	}
	set output out
	set colorsequence podo
	set grid ytics lc '#e3e6ea'
} else {
	set terminal dumb size 100,30 noenhanced aspect 1
}
if (!exists("maps")) {
	maps = ''
	collect(m) = strstrt(' '.maps.' ', ' '.m.' ') ? 0 : \
		(maps = maps.(strlen(maps) ? ' ' : '').m, 1)
	set table $unused
	plot csv skip 1 using (collect(strcol(1))) with table
	unset table
}
set title title."\npseudo-median and 95 % interval" noenhanced
set logscale x 2
set logscale y 10
set xlabel 'threads (log)'
set ylabel 'Mop/s (log)'
set format y '%g'
set key outside right center Left reverse samplen 2 noenhanced
set offsets graph 0.04, graph 0.04, 0, 0
of(m, v) = strcol('map') eq m ? v : NaN
if (exists("out")) {
	plot for [i = 1:words(maps)] csv \
		using (of(word(maps, i), column('threads'))):'mops':'low':'high' \
		with yerrorlines pt i ps 0.6 title word(maps, i)
} else {
	plot for [i = 1:words(maps)] csv \
		using (of(word(maps, i), column('threads'))):'mops' \
		with linespoints pt i title word(maps, i)
}
