import Foundation
import Options
import Testing

@testable import Training

@Suite("Seed, length and names of a configuration")
struct ConfigLayersTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// The configuration with `yaml` as the subject's file.
  private func load(
    _ yaml: String = "", flags: OptionOverrides<TrainingConfig> = flags()
  ) throws -> TrainingConfig {
    try folder.write(yaml, to: "dog.yaml")
    return try TrainingConfig.load(flags, folder: folder.url)
  }

  /// The error's description, without the path of the temporary folder.
  private func sentence(_ yaml: String, flags: OptionOverrides<TrainingConfig> = flags()) -> String
  {
    do {
      return "no error, but \(try load(yaml, flags: flags))"
    } catch {
      return "\(error)".replacing(folder.url.path + "/", with: "")
    }
  }

  private static func flags() -> OptionOverrides<TrainingConfig> {
    var flags = OptionOverrides<TrainingConfig>()
    flags.set(\.$subject, to: "dog")
    return flags
  }

  @Test("a negative seed is replaced by one that is drawn; a quoted one is refused")
  func randomSeed() throws {
    try folder.write("seed: -1", to: "dog.yaml")
    let drawn = try (0..<4).map { _ in try ConfigSources(Self.flags(), folder: folder.url).load() }
    #expect(Set(drawn.map(\.config.seed)).count > 1)
    #expect(drawn.allSatisfy { $0.drawnSeed == $0.config.seed && $0.config.seed < 1 << 32 })
    var flags = Self.flags()
    flags.set(\.$seed, to: 7)
    let given = try ConfigSources(flags, folder: folder.url).load()
    #expect((given.config.seed, given.drawnSeed) == (7, nil))
    #expect(sentence("seed: \"-1\"").hasSuffix("must be a whole number of at least 0."))
  }

  @Test("steps and epochs replace each other from layer to layer; one layer has one of both")
  func epochs() throws {
    try folder.write("steps: 50\nepochs: null", to: "default.yaml")
    #expect(try load("epochs: 3").epochs == 3)
    var flags = Self.flags()
    flags.set(\.$steps, to: 60)
    let steps = try load("epochs: 3", flags: flags)
    #expect((steps.steps, steps.epochs) == (60, nil))
    #expect(try load("epochs: null\nsteps: 4").steps == 4)
    flags.set(\.$epochs, to: 2)
    #expect(
      sentence("", flags: flags)
        == "`epochs` is 2, but must be left out, since `steps` is set too; choose one of both.")
    #expect(
      sentence("steps: 4\nepochs: 3")
        == "dog.yaml line 2: epochs is 3, but must be left out, since steps is set too; choose one of "
        + "both.")
    #expect(
      try load("epochs: 3\nlearning_rate_warmup_steps: 2000").optimization.learningRateWarmupSteps
        == 2000)
  }

  @Test("a printed configuration in epochs is read as the same one")
  func printedEpochs() throws {
    let config = try load("epochs: 3\nrank: 4")
    try folder.write(config.yaml, to: "printed.yaml")
    let printed = folder.url.appending(path: "printed.yaml")
    #expect(try TrainingConfig.load(OptionOverrides(), file: printed, folder: folder.url) == config)
  }

  @Test(
    "a name of another program is answered with ours",
    arguments: [
      ("network_dim: 8", "network_dim of sd-scripts is rank here."),
      ("lr: 1e-4", "lr of ai-toolkit is learning_rate here."),
      (
        "job: extension\nconfig:\n  process: []",
        "job of ai-toolkit has no counterpart (write the options of its groups as lines of their own)."
      ),
      ("lora_rank: 4", "lora_rank of OneTrainer is rank here."),
      ("num_train_epochs: 4", "num_train_epochs of diffusers is epochs here."),
      (
        "instance_prompt: a",
        "instance_prompt of diffusers is caption in subject.yaml of the dataset here."
      ),
      (
        "ip_noise_gamma: 0.1", "ip_noise_gamma of sd-scripts is input_perturbation here."
      ),
      (
        "xformers: true",
        "xformers of sd-scripts is not needed (the fastest attention of the device is always used)."
      ),
    ])
  func foreignKeys(yaml: String, expected: String) {
    let name = yaml.split(separator: ":")[0]
    #expect(sentence(yaml) == "dog.yaml line 1: there is no option \"\(name)\"; \(expected)")
  }

  @Test("every option of sd-scripts and diffusers has an answer, unless it is ours too")
  func foreignNames() {
    let own = Set(TrainingConfig.schema.options.flatMap { [$0.key] + $0.formerly })
    for fates in [ForeignFates.kohya, .diffusers] {
      for name in fates.names where !own.contains(name) {
        #expect(TrainingConfig.foreign(name) != nil, "\(name)")
      }
    }
    #expect(TrainingConfig.foreign("network-dim") == TrainingConfig.foreign("network_dim"))
    #expect(TrainingConfig.foreign("flavour") == nil)
  }

  @Test(
    "the answer names the program that has the option",
    arguments: [
      ("ema_decay", "ema_decay of OneTrainer is `ema` here"),
      ("temp_device", "temp_device of OneTrainer is not needed (weights are released after use)"),
      (
        "scale_lr",
        "scale_lr of diffusers has no counterpart (the learning rate is used as it is given)"
      ),
      (
        "caption_extension",
        "caption_extension of sd-scripts has no counterpart (captions are read from .txt, .caption and "
          + "JSON files)"
      ),
      (
        "max_data_loader_n_workers",
        "max_data_loader_n_workers of sd-scripts is not needed (images are read once, for the caches)"
      ),
      (
        "max_denoising_steps",
        "max_denoising_steps of ai-toolkit is `max_timestep` here"
      ),
      (
        "save_last_n_steps",
        "save_last_n_steps of sd-scripts is `keep_last` here, a number of checkpoints"
      ),
    ])
  func foreignAnswers(name: String, answer: String) {
    #expect(TrainingConfig.foreign(name)?.answer == answer)
  }

  @Test("no name has two answers: one of the import, and another one of train")
  func oneAnswer() {
    for program in TrainingConfig.programs {
      let names = [program.here, program.noCounterpart, program.notNeeded].flatMap(\.keys)
      #expect(Set(names).count == names.count, "\(program.name)")
      for fates in [ForeignFates.kohya, .diffusers] {
        let answered = Set(fates.noCounterpart.keys).union(fates.notNeeded.keys)
        #expect(answered.isDisjoint(with: names), "\(answered.intersection(names))")
      }
    }
  }
}
