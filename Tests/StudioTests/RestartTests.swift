import Foundation
import RunLog
import TestSupport
import Testing

/// What is left when the server dies.
@Suite("Studio: restarts") struct RestartTests {
  @Test("A killed server loses no finished picture; its job is failed, and can be drawn again")
  func killed() async throws {
    let directory = try TemporaryDirectory()
    try TestStudio.makeProject(directory.url)
    let server = try StudioProcess(in: directory.url)
    let order = #"{"prompt": "a dog", "seed": 1, "steps": 60, "count": 1000}"#
    _ = try await server.post("/api/pictures", order)
    _ = try await server.post("/api/pictures", order)
    try await waitUntil("the third picture of job 1") {
      try await server.get("/api/jobs/1")["pictures"]?.items.count ?? 0 >= 3
    }
    server.kill()
    let folder = directory.url.appending(path: "Checkpoints/pictures")
    // As if it had died between a file and its record, and while it wrote another.
    let files = try pictures(in: folder)
    try FileManager.default.copyItem(
      at: folder.appending(path: files[0]),
      to: folder.appending(path: files[0].replacing("-1-1.png", with: "-1-9999.png")))
    try Data("cut".utf8).write(to: folder.appending(path: "20200101-000000-1-5.png"))

    try await TestStudio.serve(directory) { studio in
      for id in 1...2 {
        let job = try await studio.get("/api/jobs/\(id)").json()
        #expect(job["status"]?.text == "failed")
        #expect(job["failure"]?.text?.contains("draw it again") == true)
      }
      let again = try await studio.send("POST", "/api/jobs/1/again")
      #expect(again.status == 202)
      #expect(try await studio.send("DELETE", "/api/jobs/3").status == 204)
      let recorded = try await studio.get("/api/jobs/1").json()["pictures"]?.items ?? []
      #expect(recorded.count == files.count + 1)
      for id in recorded.compactMap(\.number) {
        let file = try await studio.get("/api/pictures/\(id)/file")
        #expect(file.status == 200 && file.data.count > 100)
      }
    }
  }

  @Test(
    "A run that is being prepared for its resume is running: it is not resumed twice, and can be stopped"
  )
  func preparedResume() async throws {
    try await TestStudio.serve { studio in
      let order = """
        {"subject": "cube", "steps": 5, "sample_every": 0, "rank": 4, "resolution": 64,
        "class_prompts": ["a ball"], "prior_images": 200, "prior_steps": 50}
        """
      let first = try await studio.send("POST", "/api/runs", order).json()
      func waitForRun(_ status: String) async throws {
        try await waitUntil("status \(status) of run 1") {
          try await studio.get("/api/runs").json().items.first?["status"]?.text == status
        }
      }
      try await waitForRun("running")
      #expect(try await studio.send("POST", "/api/runs/1/stop").status == 204)
      _ = try await studio.end(ofProcess: first)
      try await waitForRun("interrupted")

      let second = try await studio.send("POST", "/api/runs/1/resume").json()
      try await waitForRun("running")
      let pulse = try await studio.get("/api/runs/1/pulse").json()
      #expect(pulse["status"]?.text == "running" && pulse["step"]?.number == 0)
      #expect(try await studio.send("POST", "/api/runs/1/resume").status == 409)
      #expect(try await studio.send("POST", "/api/runs/1/stop").status == 204)
      let ended = try await studio.end(ofProcess: second)
      #expect(ended["failure"] == nil, "\(ended)")
      try await waitForRun("interrupted")
    }
  }

  @Test("Pictures whose database is lost are recorded again with their settings")
  func lostDatabase() async throws {
    let directory = try TemporaryDirectory()
    try TestStudio.makeProject(directory.url)
    try await TestStudio.serve(directory) { studio in
      try await studio.draw(#"{"prompt": "a cat", "seed": 3, "steps": 2}"#)
    }
    try removeDatabase(of: directory.url)
    try await TestStudio.serve(directory) { studio in
      try await studio.draw(#"{"prompt": "a dog", "seed": 4, "steps": 2}"#)
      let prompts = try await studio.get("/api/pictures").json().items.compactMap {
        $0["prompt"]?.text
      }
      #expect(Set(prompts) == ["a cat", "a dog"])
    }
  }

  @Test("Pictures of several lost jobs are put together again, each job with its own pictures")
  func lostJobs() async throws {
    let directory = try TemporaryDirectory()
    try TestStudio.makeProject(directory.url)
    try await TestStudio.serve(directory) { studio in
      for (seed, prompt) in ["a cat", "a dog", "a fish"].enumerated() {
        try await studio.draw(
          #"{"prompt": "\#(prompt)", "seed": \#(seed), "steps": 1, "count": 2, "guidance": 2}"#)
      }
      // While the studio runs, the database is lost. The next drawing makes a new one.
      try removeDatabase(of: directory.url)
      try await studio.draw(#"{"prompt": "a bird", "seed": 9, "steps": 1}"#)
      let pictures = try await studio.get("/api/pictures").json().items
      #expect(pictures.count == 7)
      let jobs = Dictionary(grouping: pictures) { $0["job"]?.number ?? 0 }
      #expect(jobs.count == 4)
      for pictures in jobs.values { #expect(Set(pictures.map { $0["prompt"]?.text }).count == 1) }
      let cat = try #require(pictures.first { $0["prompt"]?.text == "a cat" })
      let id = try #require(cat["id"]?.number)
      let order = try await studio.get("/api/pictures/\(id)").json()["order"]
      #expect(order?["guidance"]?.text == "2" && order?["steps"]?.text == "1")
    }
  }

  private func removeDatabase(of folder: URL) throws {
    let checkpoints = folder.appending(path: "Checkpoints")
    for name in try FileManager.default.contentsOfDirectory(atPath: checkpoints.path)
    where name.hasPrefix("studio.sqlite") {
      try FileManager.default.removeItem(at: checkpoints.appending(path: name))
    }
  }

  @Test("A training that the studio has started goes on when the server is killed")
  func trainingSurvives() async throws {
    let directory = try TemporaryDirectory()
    try TestStudio.makeProject(directory.url)
    let server = try StudioProcess(in: directory.url)
    let order = #"{"subject": "cube", "steps": 150, "rank": 2, "sample_every": 0, "device": "cpu"}"#
    _ = try await server.post("/api/runs", order)
    try await waitUntil("step 5 of run 1") {
      try await server.get("/api/runs").items.first?["step"]?.number ?? 0 >= 5
    }
    server.interruptGroup()
    server.kill()
    try await TestStudio.serve(directory) { studio in
      try await waitUntil("the end of run 1") {
        try await studio.get("/api/runs").json().items.first?["status"]?.text != "running"
      }
      let run = try await studio.get("/api/runs").json().items.first
      #expect(run?["status"]?.text == "finished")
      #expect(run?["step"]?.number == 150)
    }
  }

  @Test("A second studio of a project looks, but does not draw")
  func second() async throws {
    let directory = try TemporaryDirectory()
    try TestStudio.makeProject(directory.url)
    try await TestStudio.serve(directory) { studio in
      try await studio.draw(#"{"prompt": "a cat", "seed": 3, "steps": 2}"#)
      let server = try StudioProcess(in: directory.url)
      #expect(try await server.get("/api/pictures").items.count == 1)
      let refused = try await server.post("/api/pictures", #"{"prompt": "a dog"}"#)
      #expect(refused["error"]?["message"]?.text?.hasPrefix("Another studio draws") == true)
      server.kill()
    }
  }

  private func pictures(in folder: URL) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path)
      .filter { $0.hasSuffix(".png") && !$0.hasPrefix(".") }.sorted()
  }
}
