import Adapters
import Files
import Foundation
import NN
import StableDiffusion
import TestSupport
import Testing
import Torch

extension CommandTests {
  /// A run of an earlier version, whose checkpoints have format 1 (`Fixtures/README.md`).
  @Suite struct FormatOneTests {
    private static let command = [
      "--subject", "cube", "--model", "tiny-sdxl", "--steps", "6", "--config", "config.yaml",
      "--device", "cpu",
    ]
    /// The hash of the adapter that the earlier version trained without an interruption.
    private static let adapter =
      "c1972c8e6b36532604256d919ae27587cc021bf04af7601806ebd49f2f0c1be6"
    private static let run = "Checkpoints/cube/run-1"

    private let workspace: Workspace

    init() throws {
      workspace = try Workspace(
        copyOf: Repository.root.appending(path: "Tests/CommandTests/Fixtures/format-1"))
      let models = workspace.file("Checkpoints/base")
      try FileManager.default.createDirectory(at: models, withIntermediateDirectories: true)
      try FileManager.default.createSymbolicLink(
        at: models.appending(path: "tiny-sdxl"), withDestinationURL: URL(filePath: Workspace.model))
    }

    private func adapter(step: Int, root: String = "Checkpoints") -> URL {
      workspace.file("\(root)/cube/run-1/step-00000\(step)/adapter.safetensors")
    }

    /// The hash of the file that the earlier version would have written with an adapter's matrices.
    private func earlierHash(_ file: URL) throws -> String {
      let layers = AdaptableLayers(try ModelDirectory(URL(filePath: Workspace.model)))
      let tensors = try AdapterFile(contentsOf: file).adapters(for: layers).flatMap {
        layer, adapter in
        adapter.tensors.map { ("unet.\(layer.path).\($0.name)", $0.tensor) }
      }
      let earlier = workspace.file("earlier.safetensors")
      try SafetensorsWriter.write(
        tensors, metadata: SafetensorsFile(contentsOf: adapter(step: 2)).metadata, to: earlier)
      return try ContentHash.of(fileAt: earlier)
    }

    /// Whether this processor rounds like the one of the fixture: whether a new training has the same
    /// adapter after two steps.
    private func roundsAsThere() throws -> Bool {
      let outcome = try workspace.run(Self.command + ["--root", "new"])
      #expect(outcome.code == 0, "\(outcome.messages)")
      return try earlierHash(adapter(step: 2, root: "new"))
        == ContentHash.of(fileAt: adapter(step: 2))
    }

    @Test("The run is shown, with and without its database", arguments: [true, false])
    func shown(hasDatabase: Bool) throws {
      if !hasDatabase { workspace.removeDatabase() }
      let run = try workspace.show()
      #expect(run.status == "interrupted")
      #expect(run.step == (hasDatabase ? 6 : 4))
      #expect(run.losses.map(\.step) == Array(1...run.step))
      #expect(run.losses[3].loss == 1.2487186789512634)
      #expect(run.validation.map(\.step) == (hasDatabase ? [0, 3, 6] : [0, 3]))
      #expect(run.checkpoints.map(\.step) == [2, 4])
    }

    @Test(
      "The run is resumed from each of its checkpoints and ends with the same adapter",
      .enabled(if: Backend.version == "2.13.0", "the run's libtorch is another"),
      arguments: [4, 2])
    func resumed(step: Int) throws {
      if step == 2 {
        try FileManager.default.removeItem(at: workspace.file("\(Self.run)/step-000004"))
      }
      let roundsAlike = try roundsAsThere()
      let outcome = try workspace.run(Self.command)
      #expect(outcome.code == 0, "\(outcome.messages)")
      #expect(outcome.messages.contains("from step \(step).\n"))
      if roundsAlike {
        #expect(try earlierHash(adapter(step: 6)) == Self.adapter)
      } else {
        print("The adapter is not compared: this processor does not round like the fixture's.")
      }
      let files = try workspace.files(below: Self.run)
      #expect(!files.contains { $0.contains("elsewhere") }, "a temporary file is still there")
      workspace.removeDatabase()
      let run = try workspace.show()
      #expect(run.status == "finished" && run.losses.map(\.step) == Array(1...6))
      #expect(run.validation.map(\.step) == [0, 3, 6])
    }

    @Test("The run is refused if it would be another training")
    func refused() throws {
      let outcome = try workspace.run(Self.command + ["--seed", "7"])
      #expect(outcome.code == 65)
      #expect(outcome.lastMessage.contains("(seed: 42 -> 7)"))
      #expect(try workspace.files(below: Self.run).contains { $0.contains("step-000004") })
    }
  }
}
