"""Tests of the editor. They are a package so that its server and browser (conftest.py) end with it, before other tests."""
