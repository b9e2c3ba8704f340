import Foundation
import Testing

extension CommandTests {
  /// `--tensorboard` when its disk fails.
  @Suite struct EventFileTests {
    private let workspace: Workspace

    init() throws { workspace = try Workspace() }

    @Test(
      "A disk that fails for event files ends no training, and one note says so",
      arguments: ["append:tfevents@4=ENOSPC+", "write:tfevents=EACCES", "sync:tfevents@2=EIO"])
    func failing(failpoint: String) throws {
      let outcome = try Program.run(
        Workspace.training(steps: 4, "--checkpoint-every", "2", "--tensorboard", "logs"),
        in: workspace.url, environment: ["LORA_TRAIN_FAILPOINT": failpoint])
      #expect(outcome.code == 0, "\(outcome.messages)")
      let notes = outcome.messages.split(separator: "\n").filter { $0.contains("TensorBoard") }
      #expect(notes.count == 1, "\(outcome.messages)")
      #expect(
        notes.first?.hasPrefix(
          "Note: TensorBoard gets no more events, and the training continues: logs/cube/run-1/")
          == true, "\(notes)")
      let run = try workspace.show()
      #expect(run.status == "finished" && run.losses.map(\.step) == [1, 2, 3, 4])
    }
  }
}
