import Foundation
import RunLog
import Testing

/// Comparisons through the interface.
@Suite("Studio: comparisons") struct ComparisonTests {
  @Test("Checkpoints are compared on a page that names their hashes, and stays when they change")
  func comparison() async throws {
    try await TestStudio.serve { studio in
      let training = try TestTraining(
        in: studio.folder, steps: 4, ["--checkpoint-every", "2", "--sample-every", "0"])
      #expect(try await training.wait() == 0)
      let order = #"""
        {"checkpoints": ["1@2", "1@4"], "prompts": ["a <b>cube</b>", "a dog"], "seeds": [1], "steps": 2}
        """#
      let answer = try await studio.send("POST", "/api/comparisons", order)
      #expect(answer.status == 202, "\(answer.text)")
      let id = try #require(try answer.json()["id"]?.number)
      let job = try await studio.end(ofJob: id)
      #expect(job["status"]?.text == "finished", "\(job)")
      #expect(job["kind"]?.text == "comparison")

      let page = try await studio.get("/comparisons/\(id)")
      #expect(page.status == 200)
      #expect(page.text.contains("a &lt;b&gt;cube&lt;/b&gt;") && !page.text.contains("<style>"))
      let run = try await studio.get("/api/runs/1").json()
      let hashes = run["checkpoints"]?.items.compactMap { $0["sha256"]?.text } ?? []
      #expect(hashes.count == 2)
      for hash in hashes { #expect(page.text.contains(hash.prefix(12))) }
      var pictures: Set<Data> = []
      for row in 0..<2 {
        for column in 0..<3 {
          let file = try await studio.get("/comparisons/\(id)/\(row)-\(column).png")
          #expect(file.headers["content-type"] == "image/png")
          pictures.insert(file.data)
        }
      }
      #expect(pictures.count == 6)
      #expect(try await studio.get("/comparisons/\(id)/sheet.png").status == 200)
      for name in ["2-0.png", "0-3.png", "page.json", "..%2F..%2Fruns.sqlite", "sheet.PNG"] {
        #expect(try await studio.get("/comparisons/\(id)/\(name)").status == 404, "\(name)")
      }
      #expect(try await studio.get("/comparisons/\(id + 1)").status == 404)
      #expect(try await studio.get("/compare").text.contains("/comparisons/\(id)"))

      let again = try await studio.send("POST", "/api/jobs/\(id)/again")
      #expect(again.status == 202)
      let second = try await studio.end(ofJob: id + 1)
      #expect(second["status"]?.text == "finished")
      let file = try await studio.get("/comparisons/\(id + 1)/1-2.png")
      #expect(file.data == (try await studio.get("/comparisons/\(id)/1-2.png").data))
    }
  }

  @Test(
    "An order that names no checkpoint, or a wrong one, is refused",
    arguments: [
      ("{}", 400), (#"{"checkpoints": []}"#, 400), (#"{"checkpoints": ["x"]}"#, 400),
      (#"{"checkpoints": ["9"]}"#, 404), (#"{"checkpoints": ["1"], "seeds": ["a"]}"#, 400),
      (#"{"checkpoints": ["1"], "prompt": "a"}"#, 400),
      (#"{"checkpoints": ["1"], "steps": 0}"#, 400),
      (#"{"checkpoints": ["1"], "model": "/etc/passwd"}"#, 404),
    ])
  func refused(order: String, status: Int) async throws {
    try await TestStudio.serve { studio in
      let answer = try await studio.send("POST", "/api/comparisons", order)
      #expect(answer.status == status, "\(order): \(answer.text)")
    }
  }
}
