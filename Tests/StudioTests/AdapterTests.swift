import Foundation
import RunLog
import Testing

/// Adapters through the interface.
@Suite("Studio: adapters") struct AdapterTests {
  @Test(
    "The adapter of a checkpoint is downloaded as it is, and exported in the forms of other programs"
  )
  func exports() async throws {
    try await TestStudio.serve { studio in
      let training = try TestTraining(in: studio.folder, steps: 2, ["--sample-every", "0"])
      #expect(try await training.wait() == 0)
      let file = studio.folder.appending(
        path: "Checkpoints/cube/run-1/step-000002/adapter.safetensors")
      let download = try await studio.get("/api/runs/1/checkpoints/2/adapter")
      #expect(download.data == (try Data(contentsOf: file)))
      #expect(
        download.headers["content-disposition"]?.contains("cube-run1-step2.safetensors") == true)
      #expect(try await studio.get("/api/runs/1/checkpoints/1/adapter").status != 200)

      for format in ["kohya", "diffusers", "peft"] {
        let answer = try await studio.send(
          "POST", "/api/runs/1/exports",
          #"{"step": 2, "format": "\#(format)", "precision": "fp16"}"#)
        #expect(answer.status == 202, "\(answer.text)")
        let state = try await studio.end(ofProcess: try answer.json())
        let path = try #require(state["result"]?.text, "\(state)")
        #expect(path.contains("cube-run1-step2-\(format)-fp16"))
        #expect(FileManager.default.fileExists(atPath: path))
        let name = URL(filePath: path).lastPathComponent
        let exported = try await studio.get("/api/exports/\(name)")
        #expect(exported.status == (format == "peft" ? 404 : 200))
      }
    }
  }

  @Test(
    "An order that cannot be carried out is refused",
    arguments: [
      ("exports", "{}", 400), ("exports", #"{"step": 2, "format": "onnx"}"#, 400),
      ("exports", #"{"step": 2, "precision": "int8"}"#, 400), ("exports", #"{"step": 2}"#, 404),
      ("publications", #"{"step": 2}"#, 400),
      ("publications", #"{"step": 2, "repository": "--root=/etc"}"#, 400),
      ("publications", #"{"step": 2, "repository": "a/../b"}"#, 400),
    ])
  func refused(path: String, order: String, status: Int) async throws {
    try await TestStudio.serve { studio in
      let answer = try await studio.send("POST", "/api/runs/1/\(path)", order)
      #expect(answer.status == status, "\(order): \(answer.text)")
    }
  }
}
