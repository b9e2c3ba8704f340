import Foundation
import Testing

extension CommandTests {
  /// Mistakes of users. Each gives one sentence that names the file or option, and an exit code.
  @Suite struct BadInputTests {
    private let workspace: Workspace

    init() throws { workspace = try Workspace() }

    @Test("An unknown subject: the error lists the datasets, and how to make one")
    func noSubject() throws {
      try expect(
        66,
        "There is no dataset folder Datasets/cubes (there are: cube); did you mean \"cube\"?; to "
          + "make one, put 5 to 30 images of the subject there, each with its caption "
          + "in a .txt file of the same name.",
        ["--subject", "cubes"])
    }

    @Test("Without arguments, the error names the missing option, and nothing is created")
    func nothing() throws {
      try expect(
        64,
        "No subject: give --subject NAME, with the images in Datasets/NAME; see lora-train --help.",
        [])
      #expect(!FileManager.default.fileExists(atPath: workspace.file("Checkpoints").path))
    }

    @Test("A flag with one value that is given twice is named; lists may be repeated")
    func repeatedFlag() throws {
      let twice = try workspace.run(
        "train", "--subject", "cube", "--rank", "4", "--rank=8", "--print-config")
      #expect(twice.code == 0 && twice.results.contains("\nrank: 8 "))
      #expect(
        twice.messages.hasPrefix(
          "Note: --rank is given 2 times, but has one value; the last one is used.\n"))
      let lists = try workspace.run(
        "--subject", "cube", "--class-prompt", "a", "--class-prompt", "b", "--print-config")
      #expect(lists.code == 0 && !lists.messages.contains("times"), "\(lists.messages)")
    }

    @Test("An empty dataset")
    func emptyDataset() throws {
      try workspace.write("", to: "Datasets/none/.hidden")
      try expect(
        66,
        "Datasets/none contains no image; put 5 to 30 images of the subject there.",
        ["--subject", "none"])
    }

    @Test("A file that is no image, and a truncated image")
    func undecodable() throws {
      try workspace.write("no image", to: "Datasets/cube/1.png")
      try expect(65, naming: "Datasets/cube/1.png", Workspace.training())
      let whole = try workspace.image(1)
      try workspace.write(whole.prefix(whole.count / 2), to: "Datasets/cube/1.png")
      try expect(65, naming: "Datasets/cube/1.png", Workspace.training())
    }

    @Test("An image that cannot be read")
    func unreadable() throws {
      let link = workspace.file("Datasets/cube/1.png")
      try FileManager.default.removeItem(at: link)
      try FileManager.default.createSymbolicLink(at: link, withDestinationURL: link)
      try expect(
        74,
        "Datasets/cube/1.png cannot be read (Too many levels of symbolic links); check its "
          + "permissions and the disk.", Workspace.training())
    }

    @Test("Folders that only look like runs do not affect the run number")
    func strayFolders() throws {
      try workspace.write("", to: "Checkpoints/cube/run-9223372036854775807/.hidden")
      try workspace.write("", to: "Checkpoints/cube/run-+5/.hidden")
      let outcome = try workspace.run(Workspace.training(steps: 1))
      #expect(outcome.code == 0, "\(outcome.messages)")
      #expect(outcome.messages.contains("Run 1: "))
    }

    @Test("An image without a caption is no error; a note names it and the caption used")
    func noCaption() throws {
      try FileManager.default.removeItem(at: workspace.file("Datasets/cube/1.txt"))
      let outcome = try workspace.run(Workspace.training(steps: 1))
      #expect(outcome.code == 0)
      #expect(
        outcome.messages.contains(
          "Note: 1.png: no caption in a .txt file of the same name, \"a photo of cube\" is used\n"))
    }

    @Test("Captions in a table that is not read are an error if there are no others")
    func foreignCaptions() throws {
      for number in 0..<3 {
        try FileManager.default.removeItem(at: workspace.file("Datasets/cube/\(number).txt"))
      }
      try workspace.write("PAR1", to: "Datasets/cube/metadata.parquet")
      try expect(
        65,
        "Datasets/cube has captions in files that are not read (metadata.parquet) and no others; "
          + "write them to .txt files, or to metadata.csv with the columns file_name and text.",
        Workspace.training())
    }

    @Test("A misspelt key in the configuration file: the error names the nearest key")
    func configTypo() throws {
      try workspace.write("rank: 4\nlerning_rate: 1e-4\n", to: "Configs/cube.yaml")
      try expect(
        65,
        "Configs/cube.yaml line 2: there is no option \"lerning_rate\"; did you mean "
          + "\"learning_rate\"?", Workspace.training())
    }

    @Test("A value of the wrong type, in the file and as a flag")
    func wrongType() throws {
      try workspace.write("batch_size: many\n", to: "Configs/cube.yaml")
      try expect(
        65,
        "Configs/cube.yaml line 1: batch_size is \"many\", but must be a whole number.",
        Workspace.training())
      try expect(
        64, "--batch-size is \"many\", but must be a whole number.",
        Workspace.training(steps: 1, "--batch-size", "many"))
    }

    @Test(
      "Values that are not allowed",
      arguments: [
        (["--rank", "0"], "--rank is 0, but must be a whole number from 1 to 4096."),
        (
          ["--resolution", "100"],
          "--resolution is 100, but must be a multiple of 32 from 64 to 4096."
        ),
        (["--device", "gpu"], "--device is \"gpu\", but must be auto, cpu, cuda or cuda:N."),
        (["--precision", "int8"], "--precision is \"int8\", but must be fp32, bf16 or fp16."),
        (
          ["--learning-rate", "nan"],
          "--learning-rate is \"nan\", but must be a number."
        ),
      ])
    func outOfRange(flags: [String], sentence: String) throws {
      try expect(64, sentence, Workspace.training() + flags)
      #expect(!FileManager.default.fileExists(atPath: workspace.file("Checkpoints").path))
    }

    @Test("A GPU that does not exist")
    func noDevice() throws {
      try expect(69, naming: "cuda:77", Workspace.training(steps: 1, "--device", "cuda:77"))
    }

    @Test("Misspelt flags and commands")
    func misspelt() throws {
      try expect(
        64, "Unknown option '--stesp'. Did you mean '--steps'? See lora-train train --help.",
        ["--subject", "cube", "--stesp", "3"])
      try expect(
        64,
        "There is no command trian; the commands are dataset, train, resume, runs, show, generate, "
          + "compare, serve, export, rerun, lora, models, import-config, cache, doctor and help.",
        ["trian", "--subject", "cube"])
    }

    @Test("A root that cannot be a folder")
    func root() throws {
      try workspace.write("a file", to: "taken")
      for root in ["taken", "/dev/null/x"] {
        let outcome = try workspace.run(Workspace.training(steps: 1, "--root", root))
        #expect(outcome.code == 73, "\(outcome.messages)")
        #expect(outcome.lastMessage.hasPrefix("lora-train: \(root)"))
        #expect(outcome.lastMessage.contains("(Not a directory)"), "\(outcome.lastMessage)")
      }
    }

    @Test("Results that cannot be written")
    func fullOutput() throws {
      let shell = try RunningProgram(
        URL(filePath: "/bin/sh"),
        ["-c", "exec \"$0\" runs --json > /dev/full", Program.executable.path],
        in: workspace.url, environment: [:])
      let outcome = try shell.wait()
      #expect(outcome.code == 74)
      #expect(
        outcome.messages.contains("The standard output cannot be written (No space left on device)")
      )
    }

    @Test("A reader that closes the pipe early is no error")
    func closedPipe() throws {
      let shell = try RunningProgram(
        URL(filePath: "/bin/sh"),
        ["-c", "{ \"$0\" runs --json; echo code $? >&2; } | true", Program.executable.path],
        in: workspace.url, environment: [:])
      #expect(try shell.wait().messages.hasSuffix("code 0\n"))
    }

    @Test("Runs that do not exist, and references that are no run")
    func runs() throws {
      for command in ["show", "resume"] {
        try expect(
          66,
          "Chekpoints does not exist, so there are no runs; give another folder with --root, or start "
            + "a run with --subject.", [command, "--root", "Chekpoints"])
      }
      try expect(
        64,
        "The value 'last' is invalid for '<run>': give the number of a run, as lora-train runs "
          + "lists it, or latest; see lora-train show --help.", ["show", "last"])
      for bad in ["1@", "@5", "1@5@6"] {
        try expect(64, naming: "'\(bad)'", ["generate", "--prompt", "a", "--run", bad])
      }
      #expect(!FileManager.default.fileExists(atPath: workspace.file("Checkpoints").path))
    }

    @Test("A project folder without runs, one that is missing, and a file in its place")
    func projects() throws {
      try FileManager.default.createDirectory(
        at: workspace.file("Checkpoints"), withIntermediateDirectories: true)
      try expect(
        66, "No run is recorded in Checkpoints/runs.sqlite; train one first with --subject.",
        ["show"])
      try expect(
        66, "No run in Checkpoints/runs.sqlite was interrupted; start one with --subject.",
        ["resume"])
      for command in [["models"], ["cache"], ["cache", "verify"], ["cache", "clear"]] {
        let outcome = try workspace.run(command + ["--root", "Chekpoints"])
        #expect(outcome.code == 0, "\(outcome.messages)")
        #expect(
          outcome.messages.hasPrefix(
            "Note: Chekpoints does not exist; give another folder with --root if it was meant.\n"),
          "\(outcome.messages)")
      }
      try workspace.write("a", to: "file")
      for command in [["runs"], ["show"], ["resume"], ["models"], ["cache", "clear"]] {
        try expect(
          64,
          "file is a file, but the folder of base models, runs and caches is needed; give it with "
            + "--root.", command + ["--root", "file"])
      }
    }

    @Test("Counts, seeds, sizes and outputs that are not allowed")
    func generate() throws {
      func draw(_ more: String...) -> [String] {
        ["generate", "--prompt", "a", "--model", Workspace.model] + more
      }
      let cases: [(arguments: [String], sentence: String)] = [
        (draw("--count", "2"), "--count is 2, so --output must be a folder, not picture.png."),
        (
          draw("--count", "0"),
          "--count is 0, but must be from 1 to 1000. See lora-train generate --help."
        ),
        (
          draw("--output", "a.jpg"),
          "--output is a.jpg, but pictures are .png files; choose a name that ends in .png."
        ),
        (
          draw("--steps", "0"),
          "--steps is 0, but must be from 1 to 1000. See lora-train generate --help."
        ),
        (
          draw("--width", "60"),
          "A picture of 60x128 cannot be drawn; width and height must be positive multiples of 8."
        ),
      ]
      for (arguments, sentence) in cases { try expect(64, sentence, arguments) }
      try expect(
        64, naming: "18446744073709551615", draw("--seed", "\(UInt64.max)", "--count", "2"))
      try expect(66, naming: "none.safetensors", draw("--lora", "none.safetensors"))
      try workspace.write("a file", to: "taken")
      try expect(73, naming: "taken", draw("--output", "taken/picture.png"))
    }

    /// Expects an exit code, this sentence, and an empty standard output.
    private func expect(_ code: Int32, _ sentence: String, _ arguments: [String]) throws {
      let outcome = try workspace.run(arguments)
      #expect(outcome.code == code, "\(outcome.messages)")
      #expect(outcome.lastMessage == "lora-train: \(sentence)")
      #expect(outcome.results.isEmpty)
    }

    /// Expects an exit code, one sentence that contains a name, and an empty standard output.
    private func expect(_ code: Int32, naming name: String, _ arguments: [String]) throws {
      let outcome = try workspace.run(arguments)
      #expect(outcome.code == code, "\(outcome.messages)")
      #expect(outcome.lastMessage.hasPrefix("lora-train: "))
      #expect(outcome.lastMessage.hasSuffix("."))
      #expect(outcome.lastMessage.contains(name), "\(outcome.lastMessage)")
      #expect(outcome.results.isEmpty)
    }
  }
}
