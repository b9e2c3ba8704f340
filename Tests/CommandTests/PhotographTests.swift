import Foundation
import Images
import TestSupport
import Testing

extension CommandTests {
  @Suite("Real photographs")
  struct PhotographTests {
    private static let photographs = Repository.shared("photos/dreambooth/dog")

    @Test(
      "Twenty steps on a folder of JPEGs give an adapter, a loss for each step and two grids",
      .enabled(if: photographs != nil))
    func train() throws {
      let photographs = try #require(Self.photographs)
      let workspace = try Workspace()
      let outcome = try workspace.run(
        "--subject", "dog", "--dataset", photographs.path, "--model", Workspace.model, "--steps",
        "20", "--resolution", "128", "--sample-steps", "2", "--device", "cpu")
      #expect(outcome.code == 0, "\(outcome.messages)")

      let run = try workspace.show()
      #expect(run.status == "finished" && run.step == 20)
      #expect(run.losses.map(\.step) == Array(1...20))
      #expect(run.losses.allSatisfy { $0.loss.isFinite && $0.loss > 0 })
      #expect(run.samples.map(\.step) == [0, 20])
      let adapter = outcome.results.trimmingCharacters(in: .newlines)
      #expect(adapter == "Checkpoints/dog/run-1/step-000020/adapter.safetensors")
      #expect(FileManager.default.fileExists(atPath: workspace.file(adapter).path))
      let grid = try ImageDecoder.decode(contentsOf: workspace.file(run.samples[1].path))
      // Two seeds beside each other, with the gap between them.
      #expect(grid.width == 2 * 128 + 8 && grid.height == 128)
    }
  }
}
