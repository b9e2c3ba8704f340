import Foundation
import TestSupport
import Testing

extension CommandTests {
  /// Disks that fail while a model is written.
  @Suite struct BakeFaultTests {
    private let workspace: Workspace

    init() throws { workspace = try Workspace() }

    @Test(
      "A full disk is an error of one sentence and leaves nothing, neither a folder nor a file",
      arguments: [
        "write:baked", "write:baked@40", "sync:baked@2", "rename:baked$",
        "rename:baked.safetensors$",
      ])
    func fullDisk(_ stage: String) throws {
      let output = stage.contains("safetensors") ? "baked.safetensors" : "baked"
      let outcome = try bake(output, failing: stage)
      #expect(outcome.code == 73)
      #expect(outcome.messages.split(separator: "\n").count == 1, "\(outcome.messages)")
      #expect(
        outcome.lastMessage.contains("cannot be written (No space left on device); free some"))
      let names = try FileManager.default.contentsOfDirectory(atPath: workspace.url.path)
      #expect(names == ["Datasets"])
    }

    @Test("If the new folder cannot get its name, the replaced one is still there")
    func replaced() throws {
      #expect(try bake("baked").code == 0)
      let before = try contents()
      #expect(try bake("baked", "--overwrite", failing: "rename:baked$").code == 73)
      #expect(try contents() == before)
      #expect(try bake("baked", "--overwrite").code == 0)
      #expect(try contents() == before)
    }

    private func contents() throws -> [String: Data] {
      try Dictionary(
        uniqueKeysWithValues: workspace.files(below: ".").map {
          ($0, try Data(contentsOf: workspace.file($0)))
        })
    }

    private func bake(
      _ output: String, _ more: String..., failing stage: String? = nil
    ) throws -> Program.Outcome {
      let lora = Repository.golden.appending(path: "adapters/kohya.safetensors").path
      return try Program.run(
        ["lora", "bake", lora, "--model", Workspace.model, "--output", output] + more,
        in: workspace.url,
        environment: stage.map { ["LORA_TRAIN_FAILPOINT": "\($0)=ENOSPC"] } ?? [:])
    }
  }
}
