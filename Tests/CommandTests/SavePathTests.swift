import Foundation
import Testing
import Training

extension CommandTests {
  /// Failures of every stage of saving, with several disk errors: the training continues, no checkpoint is
  /// lost, and the result is that of a run without failures.
  @Suite struct SavePathTests {
    private let workspace: Workspace
    private static let command = Workspace.training(
      steps: 6, "--checkpoint-every", "2", "--keep-last", "2")

    private static let uninterrupted = Result { () throws -> [Data] in
      let workspace = try Workspace()
      _ = try workspace.run(command)
      return try result(in: workspace)
    }

    init() throws { workspace = try Workspace() }

    /// A stage of saving step 4, or of the records beside it.
    static let stages = [
      "write:step-000004.tmp/adapter", "sync:step-000004.tmp/adapter",
      "write:step-000004.tmp/optimizer", "write:step-000004.tmp/state",
      "sync:step-000004.tmp/state", "write:step-000004.tmp/manifest",
      "sync:step-000004.tmp/manifest", "sync:step-000004.tmp$", "rename:run-1/step-000004",
      "sync:cube/run-1$@6", "append:history.jsonl@6", "sync:history.jsonl@3",
      "deletion:step-000002.removed",
      "rename:step-000002.removed", "database:runs@9", "database:runs@17",
    ]

    @Test(
      "After a single failure, the training continues, and later steps are saved", arguments: stages
    )
    func once(stage: String) throws {
      let outcome = try run(failing: "\(stage)=\(Self.error(stage))")
      #expect(outcome.code == 0, "\(outcome.messages)")
      if stage.contains("000004") {
        #expect(outcome.messages.contains("Note: step 4 could not be saved: "))
      }
      #expect(try Self.result(in: workspace) == Self.uninterrupted.get())
      try expectReadable()
      let shown = try workspace.show()
      #expect(shown.status == "finished" && shown.losses.count == 6)
      #expect(shown.checkpoints.last?.step == 6)
    }

    @Test(
      "With a full or read-only disk, the exit code is 74, and saved checkpoints are undamaged",
      arguments: ["ENOSPC", "EROFS", "EIO"])
    func forGood(error: String) throws {
      let outcome = try run(failing: "write:step-000004=\(error)+,write:step-000006=\(error)+")
      #expect(outcome.code == 74)
      #expect(
        outcome.lastMessage.hasPrefix(
          "lora-train: Step 6 of Checkpoints/cube/run-1 could not be saved ("))
      #expect(outcome.lastMessage.contains("lora-train resume resumes the run from step 2"))
      try expectReadable()
      let again = try workspace.run(Self.command)
      #expect(again.code == 0 && again.messages.contains("Resuming run 1 from step 2.\n"))
      #expect(try Self.result(in: workspace) == Self.uninterrupted.get())
    }

    @Test(
      "On a full file system no checkpoint is lost; with more space the run has the same result")
    func fullFileSystem() throws {
      let disk = workspace.file("Checkpoints/cube")
      try FileManager.default.createDirectory(at: disk, withIntermediateDirectories: true)
      // Space for one checkpoint and a part of the next.
      let whole = try Self.size(of: "step-000006")
      guard try mount("-t", "tmpfs", "-o", "size=\(whole * 7 / 4)", "tmpfs", disk.path) else {
        print("NOT TESTED: a file system that fills up, since nothing can be mounted here")
        return
      }
      defer { unmount(disk) }
      let command = Workspace.training(steps: 6, "--checkpoint-every", "2")
      let outcome = try workspace.run(command)
      #expect(outcome.code == 74, "\(outcome.messages)")
      #expect(outcome.messages.contains("No space left on device"))
      #expect(outcome.lastMessage.contains("lora-train resume resumes the run from step 2"))
      #expect(try mount("-o", "remount,size=64m", disk.path))
      let again = try workspace.run(command)
      #expect(again.code == 0, "\(again.messages)")
      #expect(try Self.result(in: workspace) == Self.uninterrupted.get())
    }

    @Test(
      "With a database that cannot be written, training finishes; the next command repairs it")
    func databaseForGood() throws {
      let outcome = try run(failing: "database:runs@9=EIO+")
      #expect(outcome.code == 0, "\(outcome.messages)")
      #expect(
        outcome.messages.contains("Note: The database cannot be written, training continues: "))
      #expect(try Self.result(in: workspace) == Self.uninterrupted.get())
      let again = try workspace.run(Self.command)
      #expect(again.code == 0 && again.messages.contains("Resuming run 1 from step 6.\n"))
      let run = try workspace.show()
      #expect(run.status == "finished" && run.losses.map(\.step) == Array(1...6))
      #expect(run.checkpoints.map(\.step) == [4, 6])
    }

    @Test("A database that is deleted or overwritten during a training ends with all records")
    func databaseLost() throws {
      for isDeleted in [true, false] {
        let command = Workspace.training(steps: 40, "--checkpoint-every", "10", "--new")
        let training = try Program.start(command, in: workspace.url)
        let id = isDeleted ? 1 : 2
        try training.waitForFile(
          workspace.file("Checkpoints/cube/run-\(id)/step-000010/manifest.json"))
        if isDeleted {
          workspace.removeDatabase()
        } else {
          let file = try FileHandle(forWritingTo: workspace.file("Checkpoints/runs.sqlite"))
          try file.write(contentsOf: Data(repeating: 0x55, count: 4096))
          try file.close()
        }
        let outcome = try training.wait()
        #expect(outcome.code == 0, "\(outcome.messages)")
        let run = try workspace.show("\(id)")
        #expect(run.status == "finished")
        #expect(run.losses.map(\.step) == Array(1...40))
        #expect(run.checkpoints.map(\.step) == [10, 20, 30, 40])
      }
    }

    private func run(failing plan: String) throws -> Program.Outcome {
      try Program.run(Self.command, in: workspace.url, environment: ["LORA_TRAIN_FAILPOINT": plan])
    }

    private static func error(_ stage: String) -> String {
      ["ENOSPC", "EIO", "EROFS"][stage.utf8.reduce(0) { $0 + Int($1) } % 3]
    }

    /// Expects every checkpoint to be undamaged.
    private func expectReadable() throws {
      let run = RunFolder(root: workspace.file("Checkpoints"), subject: "cube", id: 1)
      for checkpoint in run.checkpoints { _ = try checkpoint.verify() }
      #expect(!run.checkpoints.isEmpty)
    }

    private static func result(in workspace: Workspace) throws -> [Data] {
      try ["adapter", "optimizer"].map {
        try Data(
          contentsOf: workspace.file("Checkpoints/cube/run-1/step-000006/\($0).safetensors"))
      }
    }

    private static func size(of checkpoint: String) throws -> Int {
      let workspace = try Workspace()
      _ = try workspace.run(command)
      return try workspace.files(below: "Checkpoints/cube/run-1/\(checkpoint)").reduce(0) {
        let file = workspace.file("Checkpoints/cube/run-1/\(checkpoint)/\($1)")
        return $0 + (try Data(contentsOf: file).count)
      }
    }

    private func mount(_ arguments: String...) throws -> Bool {
      try shell("mount", arguments: arguments)
    }

    private func unmount(_ disk: URL) {
      do {
        _ = try shell("umount", arguments: [disk.path])
      } catch {
        Issue.record("\(disk.path) is still mounted: \(error)")
      }
    }

    private func shell(_ name: String, arguments: [String]) throws -> Bool {
      try RunningProgram(
        URL(filePath: "/usr/bin/env"), [name] + arguments, in: workspace.url, environment: [:]
      ).wait().code == 0
    }
  }
}
