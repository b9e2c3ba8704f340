import Foundation
import TestSupport
import Testing

extension CommandTests {
  /// Projects of other programs as configurations.
  @Suite struct ImportConfigTests {
    private let workspace: Workspace

    init() throws { workspace = try Workspace() }

    private static func example(_ name: String) -> String {
      Repository.root.appending(path: "Tests/CommandTests/Fixtures/import/\(name)").path
    }

    @Test(
      "What import-config prints, train --config accepts unchanged",
      arguments: ["training.toml", "dataset.toml", "diffusers.sh", "sd-scripts.sh"])
    func accepted(_ name: String) throws {
      let printed = try workspace.run("import-config", Self.example(name), "--subject", "dog")
      #expect(printed.code == 0, "\(printed.messages)")
      #expect(printed.messages.contains("Not translated, because there is no counterpart:\n"))
      try workspace.write(printed.results, to: "printed.yaml")
      let read = try workspace.run("train", "--config", "printed.yaml", "--print-config")
      #expect(read.code == 0, "\(read.messages)")
      #expect(read.results.contains("\nsubject: dog "))
    }

    @Test("A translated project trains: kohya's folders, class tokens, steps from epochs")
    func trains() throws {
      for name in ["0.png", "1.png"] {
        try workspace.write(
          Data(contentsOf: workspace.file("Datasets/cube/\(name)")), to: "img/2_sks cube/\(name)")
      }
      try workspace.write(
        """
        train_data_dir = "img"
        pretrained_model_name_or_path = "\(Workspace.model)"
        resolution = 64
        network_dim = 4
        network_train_unet_only = true
        learning_rate = 1e-4
        max_train_epochs = 1
        train_batch_size = 2
        caption_extension = ".txt"
        """, to: "train.toml")
      let translated = try workspace.run(
        "import-config", "train.toml", "--subject", "cube", "--output", "Configs/cube.yaml")
      #expect(translated.code == 0 && translated.results.isEmpty, "\(translated.messages)")
      #expect(translated.messages.hasPrefix("Written: Configs/cube.yaml\n"))
      let trained = try workspace.run(
        "train", "--subject", "cube", "--device", "cpu", "--sample-every", "0", "--validate-every",
        "0")
      #expect(trained.code == 0, "\(trained.messages)")
      let report = try workspace.show()
      #expect(report.steps == 2)
      let refused = try workspace.run(
        "import-config", "train.toml", "--output", "Configs/cube.yaml")
      #expect(refused.code == 73)
      #expect(
        refused.messages.contains("Configs/cube.yaml already exists; choose another --output"))
      let again = try workspace.run(
        "import-config", "train.toml", "--output", "Configs/cube.yaml", "--overwrite")
      #expect(again.code == 0, "\(again.messages)")
    }

    @Test("--subject-file writes subject.yaml, which the dataset command reads")
    func subjectFile() throws {
      try workspace.write(
        "python train_dreambooth_lora_sdxl.py --instance_data_dir Datasets/cube "
          + "--instance_prompt 'a photo of sks cube' --max_train_steps 3\n", to: "train.sh")
      let outcome = try workspace.run(
        "import-config", "train.sh", "--subject-file", "Datasets/box/subject.yaml", "--output",
        "box.yaml")
      #expect(outcome.code == 0, "\(outcome.messages)")
      let text = try String(
        contentsOf: workspace.file("Datasets/box/subject.yaml"), encoding: .utf8)
      #expect(text.hasPrefix("folders:\n  - {path: ") && text.contains("a photo of sks cube"))
      let dataset = try workspace.run(
        "dataset", "cube", "--config", "box.yaml", "--model", Workspace.model, "--resolution", "64")
      #expect(dataset.code == 0, "\(dataset.messages)")
      #expect(dataset.results.contains("a photo of cube, number 2"))
    }

    @Test("Bad files are one sentence with the line, and their exit codes")
    func errors() throws {
      try workspace.write("seed = \n", to: "bad.toml")
      let bad = try workspace.run("import-config", "bad.toml")
      #expect(
        bad.code == 65 && bad.messages.hasPrefix("lora-train: bad.toml line 1: not valid TOML"))
      let missing = try workspace.run("import-config", "none.toml")
      #expect(missing.code == 66)
      let usage = try workspace.run("import-config", "bad.toml", "--subject-file", "x.yaml")
      #expect(usage.code == 64)
    }
  }
}
