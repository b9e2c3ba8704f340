import Foundation
import RunLog
import Testing

/// The queue of drawings.
@Suite("Studio: queue") struct QueueTests {
  /// Takes minutes.
  private static let long = #"{"prompt": "a dog", "seed": 1, "steps": 1000, "count": 50}"#
  private static let short = #"{"prompt": "a dog", "seed": 1, "steps": 1}"#

  @Test("A job that has ended has no preview, which is no error; an unknown job is one")
  func endedPreview() async throws {
    try await TestStudio.serve { studio in
      try await studio.draw(#"{"prompt": "a cat", "seed": 3, "steps": 2}"#)
      #expect(try await studio.get("/api/jobs/1/preview").status == 204)
      #expect(try await studio.get("/api/jobs/2/preview").status == 404)
    }
  }

  @Test("Of a thousand drawings 50 wait; the others are refused with a sentence, and none is lost")
  func thousand() async throws {
    try await TestStudio.serve { studio in
      _ = try await studio.send("POST", "/api/pictures", Self.long)
      try await waitUntil("the first step of job 1") {
        try await studio.get("/api/jobs/1").json()["step"]?.number != 0
      }
      var statuses: [Int: Int] = [:]
      var refusal = ""
      for _ in 0..<1000 {
        let answer = try await studio.send("POST", "/api/pictures", Self.short)
        statuses[answer.status, default: 0] += 1
        if answer.status == 429 { refusal = try answer.message }
      }
      #expect(statuses == [202: 50, 429: 950])
      #expect(refusal.hasPrefix("50 jobs wait already"))
      #expect(try await studio.get("/api/jobs").json().items.count == 51)
    }
  }

  @Test("A waiting job and a running one can be cancelled; finished pictures stay")
  func cancelling() async throws {
    try await TestStudio.serve { studio in
      let order = Self.long.replacing("1000", with: "150")
      _ = try await studio.send("POST", "/api/pictures", order)
      _ = try await studio.send("POST", "/api/pictures", Self.short)
      #expect(try await studio.get("/api/jobs/2").json()["position"]?.number == 0)
      #expect(try await studio.send("DELETE", "/api/jobs/2").status == 204)
      #expect(try await studio.get("/api/jobs/2").json()["status"]?.text == "cancelled")
      try await waitUntil("the first picture of job 1") {
        try await studio.get("/api/jobs/1").json()["pictures"]?.items.isEmpty == false
      }
      #expect(try await studio.send("DELETE", "/api/jobs/1").status == 204)
      let job = try await studio.end(ofJob: 1)
      #expect(job["status"]?.text == "cancelled")
      let count = job["pictures"]?.items.count ?? 0
      #expect((1..<50).contains(count))
      #expect(try await studio.get("/api/pictures").json().items.count == count)
      let again = try await studio.send("DELETE", "/api/jobs/1")
      #expect(again.status == 409)
      #expect(try again.message == "Job 1 is cancelled already; there is nothing to cancel.")
      #expect(try await studio.send("DELETE", "/api/jobs/99").status == 404)
    }
  }

  @Test("A failed job shows the reason, and the next one is drawn")
  func failing() async throws {
    try await TestStudio.serve { studio in
      // A refiner cannot take over before the first step.
      let job = try await studio.draw(
        #"{"prompt": "a dog", "refiner": "demo-refiner", "split": 0.999, "steps": 1}"#)
      #expect(job["status"]?.text == "failed")
      #expect(job["failure"]?.text?.contains("takes none of the 1 steps") == true)
      #expect(try await studio.draw(Self.short)["status"]?.text == "finished")
    }
  }

  @Test("A job can be ordered again by its number")
  func again() async throws {
    try await TestStudio.serve { studio in
      try await studio.draw(Self.short)
      let answer = try await studio.send("POST", "/api/jobs/1/again")
      #expect(answer.status == 202)
      _ = try await studio.end(ofJob: 2)
      let files = [
        try await studio.get("/api/pictures/1/file"), try await studio.get("/api/pictures/2/file"),
      ]
      #expect(files[0].data == files[1].data)
    }
  }

  @Test("On a GPU, a drawing waits for a training, and a training is refused while jobs draw")
  func turns() async throws {
    try await TestStudio.serve(takesTurns: true) { studio in
      let training = try TestTraining(in: studio.folder, steps: 150, ["--sample-every", "0"])
      try training.pause(afterStep: 1)
      _ = try await studio.send("POST", "/api/pictures", Self.short)
      try await waitUntil("a note of job 1") {
        try await studio.get("/api/jobs/1").json()["notes"]?.items.isEmpty == false
      }
      let job = try await studio.get("/api/jobs/1").json()
      #expect(job["notes"]?.items.first?.text?.hasPrefix("Waits for the run") == true)
      let order = #"{"subject": "cube", "steps": 2}"#
      let refused = try await studio.send("POST", "/api/runs", order)
      #expect(refused.status == 409)
      #expect(try refused.message.hasPrefix("Job 1 draws on the GPU"))
      training.goOn()
      #expect(try await training.wait() == 0)
      #expect(try await studio.end(ofJob: 1)["status"]?.text == "finished")
      #expect(try await studio.train(#"{"subject": "cube", "steps": 2, "sample_every": 0}"#) == 2)
    }
  }
}
