import Foundation
import NN
import Testing
import Torch

/// Drawing with embeddings through the interface.
@Suite("Studio: embeddings") struct EmbeddingTests {
  @Test("An order names embeddings of the project's folder, and no other files")
  func order() async throws {
    try await TestStudio.serve { studio in
      let folder = studio.folder.appending(path: "Checkpoints/embeddings")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      try SafetensorsWriter.write(
        [
          ("clip_l", try .full([2, 64], value: 0.5)), ("clip_g", try .full([2, 96], value: -0.5)),
        ], to: folder.appending(path: "my-toy.safetensors"))
      let painters = try await studio.get("/api/models").json()
      #expect(painters["embeddings"]?.items.map(\.text) == ["my-toy.safetensors"])
      for fields in ["", #", "embeddings": ["my-toy"]"#] {
        let job = try await studio.draw(
          #"{"prompt": "a my-toy", "seed": 7, "steps": 2\#(fields)}"#)
        #expect(job["status"]?.text == "finished", "\(job)")
      }
      let files = [
        try await studio.get("/api/pictures/1/file"), try await studio.get("/api/pictures/2/file"),
      ]
      #expect(files[0].data != files[1].data)
      let record = try await studio.get("/api/pictures/2").json()["record"]
      #expect(record?["embeddings"]?.items.first?["name"]?.text == "my-toy")
      for name in ["other", "../embeddings/my-toy.safetensors", "/etc/passwd"] {
        let refused = try await studio.send(
          "POST", "/api/pictures", #"{"prompt": "a my-toy", "embeddings": ["\#(name)"]}"#)
        #expect(refused.status == 404)
        #expect(try refused.message.hasPrefix("There is no embedding "))
      }
    }
  }
}
