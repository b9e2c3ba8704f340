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

    @Test(
      "A process that is killed while it replaces a file by two renamings loses neither content")
    func killedReplacement() throws {
      #expect(try train("").code == 0)
      let picture = workspace.file("a.png")
      let command = [
        "generate", "--run", "1", "--steps", "1", "--device", "cpu", "--output", "a.png",
        "--overwrite",
      ]
      #expect(try workspace.run(command + ["--prompt", "a cube"]).code == 0)
      let first = try Data(contentsOf: picture)
      let killed = try Program.run(
        command + ["--prompt", "a ball"], in: workspace.url,
        environment: ["LORA_TRAIN_FAILPOINT": "rename:a.png=EEXIST,rename:.replaced.=kill"])
      #expect(killed.code == -SIGKILL, "\(killed.messages)")
      #expect(!FileManager.default.fileExists(atPath: picture.path))
      let failed = try Program.run(
        command + ["--prompt", "a ball"], in: workspace.url,
        environment: ["LORA_TRAIN_FAILPOINT": "write:a.png=ENOSPC"])
      #expect(failed.code == 73)
      #expect(try Data(contentsOf: picture) == first)
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
      let runs = try Program.run(
        ["runs", "--json"], in: workspace.url,
        environment: ["LORA_TRAIN_FAILPOINT": "lock=ENOLCK+"])
      #expect(runs.code == 0 && runs.results == "[\n\n]\n", "\(runs.results)\(runs.messages)")
      #expect(
        try FileManager.default.contentsOfDirectory(
          atPath: workspace.file("Checkpoints/cube").path
        ).isEmpty)
    }

    @Test(
      "Where there are no locks, a new database is refused with the cause, and its file removed")
    func noDatabaseLocks() throws {
      try workspace.write("", to: "Checkpoints/runs.sqlite")
      let database = workspace.file("Checkpoints/runs.sqlite")
      let descriptor = open(database.path, O_RDWR)
      defer { close(descriptor) }
      // SQLite's locked bytes: it finds the database in use, as where fcntl fails.
      var lock = flock(
        l_type: Int16(F_WRLCK), l_whence: Int16(SEEK_SET), l_start: 0x4000_0000, l_len: 512,
        l_pid: 0)
      #expect(fcntl(descriptor, F_SETLK, &lock) == 0)
      let outcome = try train("lock=ENOLCK+")
      #expect(outcome.code == 73)
      #expect(
        outcome.lastMessage
          == "lora-train: Checkpoints/runs.sqlite is on a file system without file locks, which the "
          + "database needs: choose a folder on another file system with --root.")
      #expect(!FileManager.default.fileExists(atPath: database.path))
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
      try workspace.write("a LoRA", to: "Checkpoints/base/adapter.safetensors")
      try FileManager.default.createSymbolicLink(
        atPath: workspace.file("Checkpoints/base/gone.safetensors").path,
        withDestinationPath: "/no/where")
      try FileManager.default.createSymbolicLink(
        atPath: workspace.file("Checkpoints/base/mine").path, withDestinationPath: "/no/such/disk")
      #expect(
        try workspace.run("models").messages
          == """
          Note: Checkpoints/base/adapter.safetensors is not listed, because it is neither a diffusers \
          folder nor a .safetensors file of a model.
          Note: Checkpoints/base/gone.safetensors is a link to /no/where, which does not exist; mount its \
          disk, or correct the link.
          Note: Checkpoints/base/mine is a link to /no/such/disk, which does not exist; mount its disk, or \
          correct the link.
          Note: Checkpoints/base/notes.txt is not listed, because it is neither a diffusers folder nor a \
          .safetensors file of a model.
          No models in Checkpoints/base yet; lora-train models pull sdxl installs Stable Diffusion XL.

          """)
    }
  }
}
