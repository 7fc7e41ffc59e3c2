# nginx, the edge: filled in from deploy/nginx.conf.

edge_configure() { :; }
