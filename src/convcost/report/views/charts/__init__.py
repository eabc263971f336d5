"""Which charts results have: from results to figures, which are made when somebody draws them."""
