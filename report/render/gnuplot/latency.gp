# SPDX-License-Identifier: Apache-2.0
# Service time of a look-up: median (point) to P99 (end of the line), ns.
#   gnuplot latency.gp                          in the terminal
#   gnuplot -e "out='latency.pdf'" latency.gp   into a file, .svg or .pdf
if (!exists("csv")) csv = 'latency.csv'
set datafile separator ','
set datafile missing ''
stats csv using 'value' nooutput
rows = STATS_records
if (exists("out")) {
	if (out[strlen(out)-3:*] eq '.pdf') {
		set terminal pdfcairo size 8.5cm,(2 + 0.42 * rows)cm font 'Arial,8'
	} else {
		set terminal svg size 560,80 + 20 * rows font 'Arial,12' background '#ffffff'
	}
	set output out
	set colorsequence podo
	set grid xtics lc '#d9e0e6'
} else {
	set terminal dumb size 80,8 + rows noenhanced aspect 1
}
set logscale x 10
set yrange [rows - 0.3:-0.7]
set xlabel 'ns (log)'
set ytics noenhanced
set format x '%g'
set offsets graph 0.05, graph 0.05, 0, 0
unset key
high(x) = valid(5) ? column('high') : x
plot csv using 'value':0:'value':(high(column('value'))):ytic(strcol('map')) \
	with xerrorbars pt 7 ps 0.6
