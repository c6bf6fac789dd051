"""The routes: one module a topic, found by `serving.app`. To add a route, put `@route` above a handler in a module here."""
