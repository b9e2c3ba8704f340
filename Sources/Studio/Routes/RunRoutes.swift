import Foundation
import HTTPTypes
import Hummingbird
import Pages
import RunLog
import Training
import Workspace

/// The pages of runs and their interface.
extension Studio {
  func addRuns(to router: Router<BasicRequestContext>) {
    router.get("/runs") { _, _ in
      try await blocking { Answer.html(try templates.html(try runsPage())) }
    }
    router.get("/runs/:id") { request, context in
      let id = try context.number("id", request)
      return try await blocking { Answer.html(try templates.html(try runPage(id))) }
    }
    router.get("/runs/:id/samples/:step") { request, context in
      let id = try context.number("id", request)
      let step = try context.number("step", request)
      return try await blocking {
        let run = try RunLibrary(project).run(.number(id))
        let grid = project.folder(of: run).sampleGrid(step: Int(step))
        guard FileManager.default.fileExists(atPath: grid.path) else {
          throw RequestError.noPage(request.uri.path)
        }
        return try Answer.png(at: grid, to: request)
      }
    }
    router.get("/api/runs") { _, _ in
      try await blocking { try Answer.json(try RunLibrary(project).summaries()) }
    }
    router.get("/api/runs/:id") { request, context in
      let id = try context.number("id", request)
      return try await blocking {
        let library = try RunLibrary(project)
        return try Answer.json(try library.detail(of: try library.run(.number(id))))
      }
    }
    router.get("/api/runs/:id/pulse") { request, context in
      let id = try context.number("id", request)
      let after = request.uri.queryParameters.get("after", as: Int.self) ?? 0
      return try await blocking { try Answer.json(try project.pulse(of: id, after: max(0, after))) }
    }
    router.get("/api/runs/:id/events") { request, context in
      let id = try context.number("id", request)
      _ = try await blocking { try project.pulse(of: id, after: .max) }
      return EventStream.response(watch.events(of: id))
    }
  }
}
