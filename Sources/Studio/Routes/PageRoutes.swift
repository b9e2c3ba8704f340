import Hummingbird
import Pages
import RunLog
import Workspace

/// The pages, besides those of runs, and their style sheet and scripts.
extension Studio {
  func addPages(to router: Router<BasicRequestContext>) {
    router.get("/") { _, _ in Response.redirect(to: "/draw") }
    router.get("/assets/:name") { request, context in
      guard let asset = Asset(context.parameters.get("name") ?? "") else {
        throw RequestError.noPage(request.uri.path)
      }
      return Answer.asset(asset, to: request)
    }
    router.get("/api/openapi.json") { request, _ in
      guard let asset = Asset(Asset.openAPI) else { throw RequestError.noPage(request.uri.path) }
      return Answer.asset(asset, to: request)
    }
    router.get("/draw") { request, _ in
      let before = request.uri.queryParameters.get("before", as: Int64.self)
      let isStarred = request.uri.queryParameters.get("starred") == "true"
      return try await blocking {
        Answer.html(try templates.html(try drawPage(before: before, isStarred: isStarred)))
      }
    }
    router.get("/pictures/:id") { request, context in
      let id = try context.number("id", request)
      return try await blocking { Answer.html(try templates.html(try picturePage(id))) }
    }
    router.get("/pictures/:id/beside/:other") { request, context in
      let id = try context.number("id", request)
      let other = try context.number("other", request)
      return try await blocking { Answer.html(try templates.html(try pairPage(id, other))) }
    }
  }
}
