# SPDX-License-Identifier: Apache-2.0
# Throughput over threads, one line per map, with 95 % intervals.
#   gnuplot scaling.gp                          in the terminal
#   gnuplot -e "out='scaling.pdf'" scaling.gp   into a file, .svg or .pdf
#   gnuplot -e "maps='gomap_rw syncmap'" scaling.gp   only these maps
if (!exists("csv")) csv = 'scaling.csv'
set datafile separator ','
set datafile missing ''
if (!exists("maps")) {
	maps = ''
	collect(m) = strstrt(' '.maps.' ', ' "'.m.'" ') ? 0 : (maps = maps.' "'.m.'"', 1)
	set table $unused
	plot csv skip 1 using (collect(strcol(1))) with table
	unset table
}
count = words(maps)
if (exists("out")) {
	if (out[strlen(out)-3:*] eq '.pdf') {
		set terminal pdfcairo size 8.5cm,(count < 16 ? 7 : 1.5 + 0.38 * count)cm font 'Arial,8'
	} else {
		set terminal svg size 560,(count < 16 ? 360 : 80 + 18 * count) font 'Arial,12' background '#ffffff'
	}
	set output out
	set colorsequence podo
	set grid ytics lc '#d9e0e6'
} else {
	set terminal dumb size 80,30 noenhanced aspect 1
}
set logscale x 2
set logscale y 10
set xlabel 'threads (log)'
set ylabel 'million operations/s (log)'
set format y '%g'
set key outside right center Left reverse samplen 2 noenhanced
set offsets graph 0.04, graph 0.04, 0, 0
of(m, v) = strcol('map') eq m ? v : NaN
if (exists("out")) {
	plot for [i = 1:count] csv \
		using (of(word(maps, i), column('threads'))):'value':'low':'high' \
		with yerrorlines pt i ps 0.6 title word(maps, i)
} else {
	plot for [i = 1:count] csv \
		using (of(word(maps, i), column('threads'))):'value' \
		with linespoints pt i title word(maps, i)
}
