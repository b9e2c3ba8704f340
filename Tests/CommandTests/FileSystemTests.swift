import Foundation
import Testing

extension CommandTests {
  /// File systems that lack something: folders cannot be synced, renaming does not replace, or there are
  /// no locks.
  @Suite struct FileSystemTests {
    private static let adapter = "Checkpoints/cube/run-1/step-000004/adapter.safetensors"

    private let workspace: Workspace

    init() throws { workspace = try Workspace() }

    private func train(_ failpoint: String, steps: Int = 4) throws -> Program.Outcome {
      try Program.run(
        Workspace.training(steps: steps, "--checkpoint-every", "2"), in: workspace.url,
        environment: failpoint.isEmpty ? [:] : ["LORA_TRAIN_FAILPOINT": failpoint])
    }

    @Test("Where files and folders cannot be synced, a training has the same adapter")
    func noSync() throws {
      let outcome = try train("sync=EINVAL+")
      #expect(outcome.code == 0, "\(outcome.messages)")
      let bytes = try Data(contentsOf: workspace.file(Self.adapter))
      try FileManager.default.removeItem(at: workspace.file("Checkpoints"))
      #expect(try train("").code == 0)
      #expect(try Data(contentsOf: workspace.file(Self.adapter)) == bytes)
    }

    @Test("Where renaming replaces no file, files are replaced and nothing is left")
    func noReplacement() throws {
      #expect(try train("", steps: 2).code == 0)
      let command = [
        "generate", "--run", "1", "--steps", "1", "--device", "cpu", "--output", "a.png",
      ]
      #expect(try workspace.run(command + ["--prompt", "a cube"]).code == 0)
      let first = try Data(contentsOf: workspace.file("a.png"))
      let outcome = try Program.run(
        command + ["--prompt", "a ball", "--overwrite"], in: workspace.url,
        environment: ["LORA_TRAIN_FAILPOINT": "rename:a.png=EEXIST"])
      #expect(outcome.code == 0, "\(outcome.messages)")
      #expect(try Data(contentsOf: workspace.file("a.png")) != first)
      let names = try FileManager.default.contentsOfDirectory(atPath: workspace.url.path)
      #expect(names.filter { $0.contains("a.png") } == ["a.png"])
    }

    @Test("Where there are no locks, a training is refused with the cause and --root")
    func noLocks() throws {
      let outcome = try train("lock=ENOLCK+")
      #expect(outcome.code == 73)
      #expect(
        outcome.lastMessage
          == "lora-train: Checkpoints/cube/run-1/.lock is on a file system without file locks, which "
          + "keep two processes from changing the same files; choose a folder on another file system "
          + "with --root.")
      #expect(try workspace.run("runs").code == 0)
    }

    @Test("Links to nothing are named with their target")
    func links() throws {
      for (name, arguments) in [
        ("Checkpoints", ["runs"]), ("Checkpoints", ["models"]),
        ("Checkpoints", Workspace.training()),
        ("model", ["generate", "--prompt", "a", "--model", "model"]),
        ("a.safetensors", ["lora", "info", "a.safetensors"]),
        (
          "a.safetensors",
          ["generate", "--prompt", "a", "--model", Workspace.model, "--lora", "a.safetensors"]
        ),
      ] {
        let link = workspace.file(name)
        try FileManager.default.createSymbolicLink(
          atPath: link.path, withDestinationPath: "/no/such/disk")
        let outcome = try workspace.run(arguments)
        #expect(outcome.code == 66, "\(arguments)")
        #expect(
          outcome.lastMessage
            == "lora-train: \(name) is a link to /no/such/disk, which does not exist; mount its disk, or "
            + "correct the link.", "\(arguments)")
        try FileManager.default.removeItem(at: link)
      }
    }

    @Test("models names what is no model")
    func otherModels() throws {
      try workspace.write("notes", to: "Checkpoints/base/notes.txt")
      try FileManager.default.createSymbolicLink(
        atPath: workspace.file("Checkpoints/base/mine").path, withDestinationPath: "/no/such/disk")
      #expect(
        try workspace.run("models").messages
          == """
          Note: Checkpoints/base/mine is a link to /no/such/disk, which does not exist; mount its disk, or \
          correct the link.
          Note: Checkpoints/base/notes.txt is not listed, because it is neither a diffusers folder nor a \
          .safetensors file of a model.
          No models in Checkpoints/base yet; lora-train models pull sdxl installs Stable Diffusion XL.

          """)
    }
  }
}
