import HTTPTypes
import Hummingbird
import RunLog
import Training
import Workspace

/// The interface that starts, stops and resumes processes.
extension Studio {
  func addTrainings(to router: Router<BasicRequestContext>) {
    router.post("/api/runs") { request, _ in
      let order = try TrainingOrder(try await request.fields())
      let config = try await blocking { try order.config(in: subjects) }
      try await makeRoom()
      return try await blocking {
        try Answer.json(try processes.start(config), status: .accepted)
      }
    }
    router.post("/api/runs/forecast") { request, _ in
      let order = try TrainingOrder(try await request.fields())
      return try await blocking {
        try Answer.json(try subjects.forecast(try order.config(in: subjects)))
      }
    }
    router.post("/api/runs/:id/stop") { request, context in
      let id = try context.number("id", request)
      return try await blocking {
        try processes.stop(id)
        return Answer.done()
      }
    }
    router.post("/api/runs/:id/resume") { request, context in
      let id = try context.number("id", request)
      let run = try await blocking {
        let run = try RunLibrary(project).resumable(.number(id))
        try RunLock.checkFree(project.folder(of: run))
        return run
      }
      try await makeRoom()
      return try await blocking {
        try Answer.json(try processes.start(.resume(run.id)), status: .accepted)
      }
    }
  }

  /// Frees the GPU for a training. Throws `StudioError` while it is used.
  private func makeRoom() async throws {
    try await queue.makeRoom()
    guard takesTurns else { return }
    let isUsed = try await blocking { try processes.isTraining || project.trainedRun() != nil }
    if isUsed { throw StudioError.training }
  }
}
