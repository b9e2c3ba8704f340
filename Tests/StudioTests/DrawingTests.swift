import Foundation
import RunLog
import Testing

/// Drawing through the interface.
@Suite("Studio: drawing") struct DrawingTests {
  @Test("The same seed and settings give the same file, another seed another one")
  func seeds() async throws {
    try await TestStudio.serve { studio in
      let order = #"{"prompt": "a photo of a red ball", "seed": 7, "steps": 4}"#
      for order in [order, order, order.replacing("7", with: "8")] {
        let job = try await studio.draw(order)
        #expect(job["status"]?.text == "finished", "\(job)")
      }
      var files: [Data] = []
      for id in 1...3 {
        let answer = try await studio.get("/api/pictures/\(id)/file")
        #expect(answer.headers["content-type"] == "image/png")
        files.append(answer.data)
      }
      #expect(files[0] == files[1])
      #expect(files[0] != files[2])
      let picture = try await studio.get("/api/pictures/1").json()
      #expect(picture["seed"]?.text == "7")
      #expect(picture["record"]?["steps"]?.number == 4)
      #expect(picture["order"]?["prompt"]?.text == "a photo of a red ball")
    }
  }

  @Test("A random seed is shown, and draws the same picture again")
  func randomSeed() async throws {
    try await TestStudio.serve { studio in
      let job = try await studio.draw(#"{"prompt": "a dog", "seed": "-1", "steps": 2}"#)
      let seed = try #require(job["seed"]?.text)
      try await studio.draw(#"{"prompt": "a dog", "seed": "\#(seed)", "steps": 2}"#)
      let files = [
        try await studio.get("/api/pictures/1/file"), try await studio.get("/api/pictures/2/file"),
      ]
      #expect(files[0].data == files[1].data)
    }
  }

  @Test("Several pictures take consecutive seeds and are listed, the newest first")
  func several() async throws {
    try await TestStudio.serve { studio in
      let job = try await studio.draw(#"{"prompt": "a dog", "seed": 5, "steps": 2, "count": 3}"#)
      #expect(job["pictures"]?.items.count == 3)
      let pictures = try await studio.get("/api/pictures").json().items
      #expect(pictures.compactMap { $0["seed"]?.text } == ["7", "6", "5"])
      let older = try await studio.get("/api/pictures?before=2").json().items
      #expect(older.compactMap { $0["id"]?.number } == [1])
    }
  }

  @Test("The largest seed is kept to its last digit")
  func largestSeed() async throws {
    try await TestStudio.serve { studio in
      try await studio.draw(#"{"prompt": "a dog", "seed": 18446744073709551615, "steps": 1}"#)
      let picture = try await studio.get("/api/pictures/1").json()
      #expect(picture["seed"]?.text == "18446744073709551615")
    }
  }

  @Test("A picture of the gallery can be drawn over, and marked")
  func overAndStar() async throws {
    try await TestStudio.serve { studio in
      try await studio.draw(#"{"prompt": "a dog", "seed": 1, "steps": 4}"#)
      let job = try await studio.draw(
        #"{"prompt": "a cat", "seed": 1, "steps": 4, "image": "1", "image_strength": 0.5}"#)
      #expect(job["status"]?.text == "finished", "\(job)")
      let star = try await studio.send("PUT", "/api/pictures/2/star", #"{"starred": true}"#)
      #expect(star.status == 204)
      let starred = try await studio.get("/api/pictures?starred=true").json().items
      #expect(starred.compactMap { $0["id"]?.number } == [2])
      let wrong = try await studio.send("PUT", "/api/pictures/2/star", #"{"starred": "yes"}"#)
      #expect(wrong.status == 400)
      #expect(try await studio.send("DELETE", "/api/pictures/2").status == 204)
      #expect(try await studio.send("DELETE", "/api/pictures/2").status == 404)
      #expect(try await studio.get("/api/pictures").json().items.count == 1)
      let trash = studio.folder.appending(path: "Checkpoints/pictures/.trash").path
      #expect(try FileManager.default.contentsOfDirectory(atPath: trash).count == 1)
      let folder = studio.folder.appending(path: "Checkpoints/pictures")
      for name in try FileManager.default.contentsOfDirectory(atPath: folder.path)
      where name.hasSuffix(".png") {
        try FileManager.default.removeItem(at: folder.appending(path: name))
      }
      let deleted = try await studio.get("/api/pictures/1/file")
      #expect(deleted.status == 404)
      #expect(try deleted.message.contains("is not there any more"))
    }
  }

  @Test(
    "Base and refiner draw together, and the next picture without the refiner is the base's own")
  func refiner() async throws {
    try await TestStudio.serve { studio in
      let order = #"{"prompt": "a dog", "seed": 3, "steps": 5}"#
      try await studio.draw(order)
      try await studio.draw(
        #"{"prompt": "a dog", "seed": 3, "steps": 5, "refiner": "demo-refiner", "split": 0.6}"#)
      try await studio.draw(order)
      var files: [Data] = []
      for id in 1...3 { files.append(try await studio.get("/api/pictures/\(id)/file").data) }
      #expect(files[0] != files[1])
      #expect(files[0] == files[2])
    }
  }

  @Test("Models and LoRA files are listed as an order names them")
  func models() async throws {
    try await TestStudio.serve { studio in
      let folder = studio.folder.appending(path: "Checkpoints/loras")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      for name in ["b.safetensors", ".hidden.safetensors", "notes.txt"] {
        try Data().write(to: folder.appending(path: name))
      }
      let all = try await studio.get("/api/models").json()
      #expect(all["models"]?.items.compactMap(\.text) == ["demo"])
      #expect(all["refiners"]?.items.compactMap(\.text) == ["demo-refiner"])
      #expect(all["loras"]?.items.compactMap(\.text) == ["b.safetensors"])
    }
  }

  @Test("Looking at every page of a new project writes nothing")
  func looking() async throws {
    try await TestStudio.serve { studio in
      func files() -> [String] {
        FileManager.default.enumerator(atPath: studio.folder.path)?
          .compactMap { $0 as? String }.sorted() ?? []
      }
      let before = files()
      for path in ["/draw", "/runs", "/api/runs", "/api/jobs", "/api/pictures", "/assets/draw.js"] {
        let answer = try await studio.get(path)
        #expect(answer.status == 200, "\(path): \(answer.text.prefix(200))")
      }
      #expect(try await studio.get("/pictures/1").status == 404)
      #expect(try await studio.get("/runs/1").status == 404)
      #expect(files() == before)
    }
  }
}
