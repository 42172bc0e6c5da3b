"""Reads an interval log by HdrHistogram's Python reader, adds up the histograms of each tag, and prints JSON."""

import json
import sys

from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogReader

HOUR_NS = 3_600_000_000_000
reader = HistogramLogReader(sys.argv[1], HdrHistogram(1, HOUR_NS, 3))
totals = {}
while (interval := reader.get_next_interval_histogram()) is not None:
    total = totals.setdefault(interval.get_tag(), HdrHistogram(1, HOUR_NS, 3))
    total.add(interval)
json.dump(
    {
        "start_s": reader.get_start_time_sec(),
        "tags": {
            tag: {
                "count": total.get_total_count(),
                "p50": total.get_value_at_percentile(50.0),
                "p99": total.get_value_at_percentile(99.0),
            }
            for tag, total in totals.items()
        },
    },
    sys.stdout,
)
