import Foundation
import Images
import Testing

extension CommandTests {
  /// Settings that are read otherwise than the user may think are named, and other programs' names are
  /// answered.
  @Suite struct SettingsTests {
    private let workspace: Workspace

    init() throws { workspace = try Workspace() }

    // MARK: Names

    @Test(
      "Another program's name of an option is answered with ours",
      arguments: [
        (["--lr", "1e-4"], "--lr; lr of ai-toolkit is --learning-rate here"),
        (["--network-dim", "8"], "--network-dim; network_dim of sd-scripts is --rank here"),
        (["--network_dim=8"], "--network_dim; network_dim of sd-scripts is --rank here"),
        (
          ["--max-train-steps", "8"],
          "--max-train-steps; max_train_steps of sd-scripts is --steps here"
        ),
        (
          ["--lr-scheduler", "cosine"],
          "--lr-scheduler; lr_scheduler of sd-scripts is --learning-rate-schedule here"
        ),
        (
          ["--train-batch-size", "1"],
          "--train-batch-size; train_batch_size of sd-scripts is --batch-size here"
        ),
        (
          ["--output-dir", "x"],
          "--output-dir; output_dir of sd-scripts is not needed (a run has its own folder below root, and "
            + "every checkpoint resumes)"
        ),
        (
          ["--output", "x"],
          "--output; output of other programs is --root here, the folder of all runs"
        ),
        (
          ["--validation-split", "0.1"],
          "--validation-split; validation_split of sd-scripts is --validation-images here, a number of "
            + "images, not a share"
        ),
        (
          ["--scale-lr"],
          "--scale-lr; scale_lr of diffusers has no counterpart (the learning rate is used as it is given)"
        ),
        (
          ["--lora", "."],
          "--lora; it is an option of lora-train generate, and --init-lora starts a training from a LoRA"
        ),
        (["--prompt", "x"], "--prompt; it is an option of lora-train generate"),
      ])
    func trainNames(flags: [String], answer: String) throws {
      let outcome = try workspace.run(["--subject", "cube"] + flags)
      #expect(outcome.code == 64)
      #expect(
        outcome.lastMessage
          == "lora-train: There is no option \(answer); see lora-train train --help.")
    }

    @Test("A command that lacks the option does not name it")
    func otherCommands() throws {
      for (arguments, message) in [
        (["runs", "--name", "x"], "Unknown option '--name'; see lora-train runs --help."),
        (["models", "--lr", "1"], "Unknown option '--lr'; see lora-train models --help."),
        (
          ["show", "--run", "1"],
          "There is no option --run; the run needs no flag, as in lora-train show <run>; see lora-train "
            + "show --help."
        ),
        (
          ["dataset", "--subject", "dog"],
          "There is no option --subject; the subject needs no flag, as in lora-train dataset <subject>; see "
            + "lora-train dataset --help."
        ),
        (
          ["show", "1", "--width", "3"],
          "There is no option --width; it is an option of lora-train generate; see lora-train show --help."
        ),
        (
          ["resume", "1", "--max-train-steps", "9"],
          "There is no option --max-train-steps; max_train_steps of sd-scripts is --steps here; see "
            + "lora-train resume --help."
        ),
        (
          ["compare", "1", "--cfg-scale", "7"],
          "There is no option --cfg-scale; cfg_scale of A1111's web UI is --guidance here; see lora-train "
            + "compare --help."
        ),
      ] {
        let outcome = try workspace.run(arguments)
        #expect(outcome.code == 64)
        #expect(outcome.lastMessage == "lora-train: \(message)")
      }
    }

    @Test(
      "The same for drawing",
      arguments: [
        (["--cfg-scale", "7"], "--cfg-scale; cfg_scale of A1111's web UI is --guidance here"),
        (["--sampler", "Euler a"], "--sampler; sampler of A1111's web UI is --scheduler here"),
        (["--batch_count", "2"], "--batch_count; batch_count of A1111's web UI is --count here"),
        (
          ["--num_inference_steps", "2"],
          "--num_inference_steps; num_inference_steps of diffusers is --steps here"
        ),
        (["-W", "512"], "-W; w of sd-scripts is --width here"),
        (["--rank", "8"], "--rank; it is an option of lora-train train"),
      ])
    func drawingNames(flags: [String], answer: String) throws {
      let outcome = try workspace.run(["generate", "--prompt", "x"] + flags)
      #expect(outcome.code == 64)
      #expect(
        outcome.lastMessage
          == "lora-train: There is no option \(answer); see lora-train generate --help.")
    }

    // MARK: Files

    @Test("train and --print-config name the file that was read, and one that was not")
    func files() throws {
      try workspace.write("rank: 2\n", to: "Configs/cube.yaml")
      try workspace.write("rank: 8\n", to: "Configs/Cube.yml")
      let printed = try workspace.run("--subject", "cube", "--print-config")
      #expect(printed.results.contains("\nrank: 2 "))
      let sentences = [
        "Configuration: Configs/cube.yaml.\n",
        "Note: Configs/Cube.yml is not read, since configurations are read from "
          + "Configs/<subject>.yaml; rename or move it, or give it to --config.\n",
      ]
      #expect(printed.messages == sentences.joined())
      let trained = try workspace.run(Workspace.training(steps: 1))
      for sentence in sentences { #expect(trained.messages.contains(sentence)) }
    }

    // MARK: Seeds, threads

    @Test("A negative seed is random and stated; the same command resumes the run with its seed")
    func seeds() throws {
      let command = Workspace.training(steps: 2, "--seed", "-1", "--max-minutes", "0.00001")
      let first = try workspace.run(command)
      #expect(first.code == 130, "\(first.messages)")
      let found = try #require(
        first.messages.firstMatch(
          of: /Note: The seed is ([0-9]+), drawn at random, since --seed is negative\./))
      let again = try workspace.run(Workspace.training(steps: 2, "--seed=-1"))
      #expect(again.code == 0, "\(again.messages)")
      #expect(
        again.messages.contains(
          "Note: The seed is \(found.1), that of run 1, since --seed is negative.\n"))
      #expect(try workspace.show().id == 1)
      let shown = try workspace.run("show", "1", "--json")
      #expect(shown.results.contains("\"seed\" : \(found.1)"))

      let drawn = try workspace.draw("--prompt", "x", "--seed", "-1", "--output", "a.png")
      let seed = try #require(drawn.messages.firstMatch(of: /The seed is ([0-9]+), drawn/)).1
      #expect(
        try workspace.draw("--prompt", "x", "--seed", String(seed), "--output", "b.png").code == 0)
      #expect(
        try Data(contentsOf: workspace.file("a.png"))
          == Data(contentsOf: workspace.file("b.png")))
    }

    @Test("--threads sets the number of CPU threads of a drawing, and its record has it")
    func threads() throws {
      #expect(try workspace.draw("--prompt", "x", "--threads", "2").code == 0)
      let text = try PNGText.read(Data(contentsOf: workspace.file("picture.png")))
      #expect(text.contains { $0.value.contains("\"threads\":2") })
      let refused = try workspace.draw("--prompt", "x", "--threads", "0")
      #expect(
        refused.lastMessage.contains("--threads is 0, but must be a whole number from 1 to 1024"))
    }

    // MARK: Length

    @Test("--epochs N trains N times the steps of an epoch, and says so; a resume keeps the steps")
    func epochs() throws {
      let arguments = [
        "--subject", "cube", "--model", Workspace.model, "--resolution", "64", "--epochs", "2",
        "--rank", "4", "--sample-every", "0", "--device", "cpu", "--batch-size", "2",
      ]
      let outcome = try workspace.run(arguments + ["--max-minutes", "0.00001"])
      #expect(outcome.code == 130, "\(outcome.messages)")
      #expect(
        outcome.messages.contains("Note: 2 epochs are 4 steps, 2 for each epoch\n"),
        "\(outcome.messages)")
      // More images: two epochs would be six steps now.
      for number in 3...4 {
        try workspace.write(workspace.image(number), to: "Datasets/cube/\(number).png")
        try workspace.write("cube \(number)", to: "Datasets/cube/\(number).txt")
      }
      let resumed = try workspace.run(arguments + ["--allow-change", "dataset"])
      #expect(resumed.code == 0, "\(resumed.messages)")
      #expect(
        resumed.messages.contains("Note: Run 1 keeps its 4 steps, the 2 epochs of its start.\n"),
        "\(resumed.messages)")
      let run = try workspace.show()
      #expect((run.id, run.steps, run.step) == (1, 4, 4))
      let both = try workspace.run(Workspace.training(steps: 2, "--epochs", "3"))
      #expect(both.code == 64)
      #expect(
        both.lastMessage
          == "lora-train: --epochs is 3, but must be left out, since --steps is set too; choose one of "
          + "both.")
    }

    @Test("A forgotten --validation-images is named at a resume, and can be allowed")
    func validationImages() throws {
      let training = try Program.start(
        Workspace.training(steps: 200, "--hold-out", "1", "--checkpoint-every", "2"),
        in: workspace.url)
      try training.waitForFile(workspace.file("Checkpoints/cube/run-1/step-000002"))
      training.send(SIGINT)
      #expect(try training.wait().code == 130)
      let refused = try workspace.run(Workspace.training(steps: 200, "--checkpoint-every", "2"))
      #expect(refused.code == 65)
      #expect(
        refused.lastMessage.contains(
          "its training would change (validation_images: 1 -> none); undo"),
        "\(refused.lastMessage)")
      let allowed = try workspace.run(
        Workspace.training(
          steps: 200, "--checkpoint-every", "2", "--allow-change", "validation-images",
          "--max-minutes", "0.00001"))
      #expect(allowed.code == 130, "\(allowed.messages)")
      #expect(allowed.messages.contains("Resuming run 1 from step "))
    }

    // MARK: Prompts and captions

    @Test("Options of drawing without effect are named")
    func drawingWithoutEffect() throws {
      let outcome = try workspace.draw(
        "--prompt", "x", "--guidance", "1", "--negative", "blurry", "--aesthetic-score", "7")
      #expect(
        outcome.messages.contains(
          "Note: --negative has no effect, since --guidance is 1.\n"
            + "Note: --aesthetic-score has no effect, since there is no --refiner.\n"))
    }

    @Test("Sample prompts are read as long as captions, and what is cut is stated")
    func samplePrompts() throws {
      let long = String(repeating: "red dog with hat ", count: 30)
      func train(_ end: String, _ tokens: String) throws -> String {
        let outcome = try workspace.run(
          Workspace.training(
            steps: 1, "--sample-every", "1", "--sample-steps", "1", "--sample-seed", "1", "--new",
            "--sample-prompt", long + end, "--max-caption-tokens", tokens))
        #expect(outcome.code == 0, "\(outcome.messages)")
        return outcome.messages
      }
      func pixels(_ run: Int) throws -> [UInt8] {
        try ImageDecoder.decode(
          contentsOf: workspace.file(
            "Checkpoints/cube/run-\(run)/samples/step-000000/prompt-1-seed-1.png")
        ).pixels
      }
      #expect(!(try train("on a blue moon", "225")).contains("is cut off"))
      #expect(!(try train("under a green tree", "225")).contains("is cut off"))
      #expect(try pixels(1) != pixels(2))
      #expect(
        try train("on a blue moon", "75").contains(
          "Note: the sample prompt is longer than 75 tokens, "))
    }

    @Test("The subject's word in a class prompt is named, and a class that is the name is not")
    func classPrompt() throws {
      try workspace.write("trigger: sks\nclass_word: cube", to: "Datasets/cube/subject.yaml")
      let prior = ["--prior-images", "1", "--prior-steps", "1", "--class-prompt"]
      let named = try workspace.run(Workspace.training(steps: 1) + prior + ["a photo of sks cube"])
      #expect(
        named.messages.contains(
          "Note: the class prompt \"a photo of sks cube\" contains \"sks\", the subject's word, so class "
            + "images teach that word to mean other things; leave it out\n"), "\(named.messages)")
      let plain = try workspace.run(
        Workspace.training(steps: 1, "--new") + prior + ["a photo of a cube"])
      #expect(plain.code == 0 && !plain.messages.contains("subject's word"))
      try FileManager.default.removeItem(at: workspace.file("Datasets/cube/subject.yaml"))
      let unnamed = try workspace.run(
        Workspace.training(steps: 1, "--new") + prior + ["a photo of a cube"])
      #expect(!unnamed.messages.contains("subject's word"), "\(unnamed.messages)")
    }

    @Test("Options of a training without effect are named")
    func withoutEffect() throws {
      let outcome = try workspace.run(
        Workspace.training(
          steps: 1, "--sample-steps", "3", "--mask-floor", "0.5", "--no-buckets", "--bucket-step",
          "32",
          "--deterministic", "--checkpoint-every", "4", "--keep-every", "6"))
      for note in [
        "--sample-steps has no effect, since --sample-every is 0",
        "--mask-floor has no effect, since no image has a mask",
        "--bucket-step has no effect, since --buckets is off",
        "--deterministic has no effect, since training on a CPU is always deterministic",
        "--keep-every is 6, no multiple of the 4 of --checkpoint-every, so it keeps only checkpoints at "
          + "multiples of both",
      ] {
        #expect(outcome.messages.contains("Note: \(note)\n"), "\(note): \(outcome.messages)")
      }
    }

    @Test("subject.yaml: a list of names instead of folders says what a folder needs")
    func subjectFile() throws {
      try workspace.write("folders:\n  - closeups\n", to: "Datasets/cube/subject.yaml")
      let outcome = try workspace.run("dataset", "cube", "--model", Workspace.model)
      #expect(
        outcome.lastMessage
          == "lora-train: Datasets/cube/subject.yaml line 2: folders is \"closeups\", but must be a list "
          + "of folders such as {path: closeups, repeats: 3}.")
    }
  }
}
