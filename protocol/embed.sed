# A text file as a C string literal, a line each.
s/["\\]/\\&/g
s/.*/"&\\n"/
