import Foundation
import Testing

extension CommandTests {
  /// The environment variables for a profile of one step.
  @Suite struct ProfileTests {
    private struct Trace: Decodable {
      struct Event: Decodable { let name: String? }
      let traceEvents: [Event]
    }

    private func names(_ file: URL) throws -> Set<String> {
      let trace = try JSONDecoder().decode(Trace.self, from: Data(contentsOf: file))
      return Set(trace.traceEvents.compactMap(\.name))
    }

    @Test(
      "LORA_TRAIN_PROFILE writes a trace of one training step, and the training ends as without")
    func training() throws {
      let workspace = try Workspace()
      let outcome = try Program.run(
        Workspace.training(steps: 3), in: workspace.url,
        environment: ["LORA_TRAIN_PROFILE": "step.json", "LORA_TRAIN_PROFILE_STEP": "2"])
      #expect(outcome.code == 0, "\(outcome.messages)")
      #expect(outcome.messages.contains("Profile of step 2: step.json"))
      let names = try names(workspace.file("step.json"))
      #expect(names.contains("aten::addmm") && names.contains("aten::_fused_adamw_"))
    }

    @Test("and of one step of a drawing")
    func drawing() throws {
      let workspace = try Workspace()
      let outcome = try Program.run(
        [
          "generate", "--model", Workspace.model, "--prompt", "a cube", "--steps", "3", "--width",
          "64",
          "--height", "64", "--device", "cpu", "--output", "cube.png",
        ], in: workspace.url,
        environment: ["LORA_TRAIN_PROFILE": "step.json", "LORA_TRAIN_PROFILE_STEP": "3"])
      #expect(outcome.code == 0, "\(outcome.messages)")
      let names = try names(workspace.file("step.json"))
      #expect(names.contains("aten::addmm") && !names.contains("aten::_fused_adamw_"))
    }

    @Test("A step that is never taken is reported")
    func laterStep() throws {
      let workspace = try Workspace()
      let outcome = try Program.run(
        Workspace.training(steps: 3), in: workspace.url,
        environment: ["LORA_TRAIN_PROFILE": "step.json", "LORA_TRAIN_PROFILE_STEP": "9"])
      #expect(outcome.code == 0, "\(outcome.messages)")
      #expect(outcome.messages.contains("Note: step 9 was not taken, so it was not profiled."))
      #expect(!FileManager.default.fileExists(atPath: workspace.file("step.json").path))
    }

    @Test("A step that is no number is refused before anything starts")
    func badStep() throws {
      let workspace = try Workspace()
      let outcome = try Program.run(
        Workspace.training(), in: workspace.url,
        environment: ["LORA_TRAIN_PROFILE": "step.json", "LORA_TRAIN_PROFILE_STEP": "first"])
      #expect(outcome.code == 64)
      #expect(outcome.messages.contains("LORA_TRAIN_PROFILE_STEP is first"))
    }
  }
}
