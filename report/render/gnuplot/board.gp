# SPDX-License-Identifier: Apache-2.0
# Throughput of each map, with 95 % intervals.
#   gnuplot board.gp                       in the terminal
#   gnuplot -e "out='board.pdf'" board.gp    into a file, .svg or .pdf
if (!exists("csv")) csv = 'board.csv'
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
set yrange [rows - 0.3:-0.7]
set xlabel 'million operations/s'
set ytics noenhanced
set format x '%g'
set offsets graph 0.03, graph 0.05, 0, 0
unset key
plot csv using 'value':0:'low':'high':ytic(strcol('map')) with xerrorbars pt 7 ps 0.6
