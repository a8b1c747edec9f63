# SPDX-License-Identifier: GPL-2.0-only
#
# Draws the chart of Documentation/cost.svg from the file data, whose lines figures.jq
# makes.
set terminal svg noenhanced size 800,900 font "sans-serif,12" background rgb "white"
set datafile separator "\t"
set title "Instructions for an operation with vfio-pci-nosnoop, times vfio-pci's" offset -12
set style fill solid
set boxwidth 0.7
set xrange [* < 0.6 : 1.6 < *]
set link x2
set xtics 0.1 format "×%.1f"
set x2tics 0.1 format "×%.1f"
set grid xtics
set arrow from 1, graph 0 to 1, graph 1 nohead lw 2 lc rgb "#555555"
stats data using 1 nooutput
set yrange [-0.7:STATS_max + 0.7]
set ytics scale 0
unset key
plot data using (1):1:(1):3:($1 - 0.35):($1 + 0.35):(($3 > 1) ? 0xd95f02 : 0x1b9e77):ytic(2) \
	with boxxyerror lc rgb variable
