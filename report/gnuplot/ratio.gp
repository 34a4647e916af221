# Ratio to the base map, one row per map and thread count; the line is 1.
# Reads columns map, threads, ratio, low, high by name, in the order drawn.
#   gnuplot ratio.gp | gnuplot -e "out='ratio.svg'" ratio.gp
if (!exists("csv")) csv = 'ratio.csv'
if (!exists("base")) base = 'the base'
if (!exists("title")) title = 'ratios of '.csv
set datafile separator ','
set datafile missing ''
stats csv using 'ratio' nooutput
rows = STATS_records
if (exists("out")) {
	if (out[strlen(out)-3:*] eq '.pdf') {
		set terminal pdfcairo size 14cm,(2 + 0.42 * rows)cm font 'Arial,9'
	} else {
		set terminal svg size 720,80 + 18 * rows font 'Arial,12' \
			background '#ffffff'
	}
	set output out
	set colorsequence podo
	set grid xtics lc '#e3e6ea'
} else {
	set terminal dumb size 100,8 + rows noenhanced aspect 1
}
set title title."\npseudo-median and 95 % interval" noenhanced
set logscale x 10
set yrange [rows - 0.3:-0.7]
set xlabel 'throughput / '.base.' (log; right of 1 = faster)' noenhanced
set arrow from 1, graph 0 to 1, graph 1 nohead
set ytics noenhanced
set format x '%g'
set offsets graph 0.05, graph 0.05, 0, 0
unset key
set errorbars 0
name(m, t) = sprintf('%s, %s thr.', m, t)
plot csv using 'ratio':0:'low':'high':\
	ytic(name(strcol('map'), strcol('threads'))) with xerrorbars pt 7 ps 0.6
