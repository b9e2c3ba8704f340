import HTTPTypes
import Hummingbird
import Workspace

/// The interface for jobs.
extension Studio {
  private static let mostJobs = 100

  func addJobs(to router: Router<BasicRequestContext>) {
    router.get("/api/jobs") { _, _ in
      try await blocking { try Answer.json(try queue.jobs(limit: Self.mostJobs)) }
    }
    router.get("/api/jobs/events") { _, _ in
      // Listening begins before reading, so that no change is lost between the two.
      let events = feed.events.values()
      let jobs = try await blocking { try queue.jobs(limit: Self.mostJobs) }
      return EventStream.response(first: try ServerEvent("jobs", jobs), events)
    }
    router.get("/api/jobs/:id") { request, context in
      let id = try context.number("id", request)
      return try await blocking { try Answer.json(try queue.job(id)) }
    }
    router.get("/api/jobs/:id/preview") { request, context in
      let id = try context.number("id", request)
      if let preview = queue.preview(of: id) { return Answer.bytes(preview, type: "image/png") }
      return try await blocking {
        // The page asks for the preview of a job that may have ended meanwhile, which is no fault.
        _ = try queue.job(id)
        return Answer.done()
      }
    }
    router.delete("/api/jobs/:id") { request, context in
      let id = try context.number("id", request)
      return try await blocking {
        try queue.cancel(id)
        return Answer.done()
      }
    }
    router.post("/api/jobs/:id/again") { request, context in
      let id = try context.number("id", request)
      let job = try await blocking { try queue.repeatJob(id) }
      return try Answer.json(job, status: .accepted)
    }
  }
}
