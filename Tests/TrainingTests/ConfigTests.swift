import Foundation
import NN
import Options
import TestSupport
import Testing
import Training

@testable import Drawing

@Suite("Configuration")
struct ConfigTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

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
    sentence { try load(yaml, flags: flags) }
  }

  private func sentence(of body: () throws -> TrainingConfig) -> String {
    do {
      return "no error, but \(try body())"
    } catch {
      return "\(error)".replacingOccurrences(of: folder.url.path + "/", with: "")
    }
  }

  private static func flags(subject: String = "dog") -> OptionOverrides<TrainingConfig> {
    var flags = OptionOverrides<TrainingConfig>()
    flags.set(\.$subject, to: subject)
    return flags
  }

  // MARK: Merging

  @Test("Configs/default.yaml is generated from the declarations, and sets their defaults")
  func defaultFile() throws {
    let file = Repository.root.appending(path: "Configs/default.yaml")
    #expect(
      try String(contentsOf: file, encoding: .utf8) == TrainingConfig().yaml,
      "run make defaults")
    var expected = TrainingConfig()
    expected.subject = "dog"
    let empty = try TemporaryFolder()
    let fromFile = try TrainingConfig.load(Self.flags(), file: file, folder: empty.url)
    let fromCode = try TrainingConfig.load(Self.flags(), folder: empty.url)
    #expect(fromFile == expected)
    #expect(fromCode == expected)
  }

  @Test("a configuration printed as a file is read as the same configuration")
  func printed() throws {
    let config = try load(
      """
      steps: 30
      model: "a: b"
      rank: 4
      alpha: 1
      min_snr_gamma: null
      validation_images: 3
      sample_every: 0
      sample_prompts: ["a dog, at night", "null"]
      """)
    try folder.write(config.yaml, to: "printed.yaml")
    let printed = folder.url.appending(path: "printed.yaml")
    #expect(try TrainingConfig.load(OptionOverrides(), file: printed, folder: folder.url) == config)
  }

  @Test("options that follow another have its default, so a record without either is consistent")
  func followerDefaults() throws {
    for option in TrainingConfig.schema.options {
      guard let leader = option.follows.flatMap(TrainingConfig.schema.option),
        leader.kind == option.kind
      else { continue }
      #expect(option.defaultText == leader.defaultText, "\(option.key)")
    }
  }

  @Test("an earlier name of an option is read: hold_out is validation_images")
  func formerName() throws {
    #expect(try load("hold_out: 3").validationImages == 3)
    #expect(
      sentence("hold_out: -1")
        == "dog.yaml line 1: validation_images is -1, but must be a whole number from 0 to 10000.")
  }

  @Test("flags override the subject's file, which overrides default.yaml and the built-in defaults")
  func precedence() throws {
    try folder.write("steps: 1\nrank: 1\nbatch_size: 3\n", to: "default.yaml")
    var flags = Self.flags()
    flags.set(\.$steps, to: 30)
    let config = try load("steps: 2\nrank: 2\n", flags: flags)
    #expect((config.steps, config.rank, config.batchSize) == (30, 2, 3))
    #expect(config.gradientAccumulation == 1)
  }

  @Test("a file given by name replaces the subject's file")
  func namedFile() throws {
    try folder.write("rank: 2\n", to: "dog.yaml")
    let other = try folder.write("subject: cat\nrank: 8\n", to: "other.yaml")
    let config = try TrainingConfig.load(OptionOverrides(), file: other, folder: folder.url)
    #expect((config.subject, config.rank) == ("cat", 8))
  }

  @Test("flags can have every kind of value; options without a flag keep the file's value")
  func flagKinds() throws {
    var flags = Self.flags()
    flags.set(\.optimization.$learningRate, to: 3e-5)
    flags.set(\.$device, to: "cuda:1")
    flags.set(\.$precision, to: "bf16")
    flags.set(\.$gradientCheckpointing, to: false)
    flags.set(\.$seed, to: UInt64.max)
    flags.set(\.$samplePrompts, toList: ["a: b # c", "null"])
    flags.set(\.$rank, to: Int?.none)
    flags.set(\.adaptation.$targets, toList: [String]())
    let config = try load("rank: 4\nlora_targets: [to_q]", flags: flags)
    #expect(config.optimization.learningRate == 3e-5)
    #expect(config.device == .cuda(1))
    #expect(config.precision == .bf16)
    #expect(config.gradientCheckpointing == false)
    #expect(config.seed == .max)
    #expect(config.samplePrompts == ["a: b # c", "null"])
    #expect(config.rank == 4)
    #expect(config.adaptation.targets.names == ["to_q"])
  }

  @Test("alpha follows the rank, sample_every and validate_every checkpoint_every, until set")
  func followers() throws {
    let following = try load("rank: 4\ncheckpoint_every: 7\nalpha: null\n")
    #expect((following.alpha, following.sampleEvery) == (4, 7))
    #expect(following.validateEvery == 7)
    #expect(try load("checkpoint_every: 7\nsample_every: 0\n").validateEvery == 7)
    #expect(try load("checkpoint_every: 7\nvalidate_every: 2\n").validateEvery == 2)
    let set = try load("rank: 4\ncheckpoint_every: 7\nalpha: 1\nsample_every: 0\n")
    #expect((set.alpha, set.sampleEvery) == (1, 0))
  }

  @Test("prior_batch_size follows batch_size, until it is set")
  func priorBatchSize() throws {
    #expect(try load("batch_size: 3\nprior_batch_size: null\n").priorBatchSize == 3)
    #expect(try load("batch_size: 3\nprior_batch_size: 2\n").priorBatchSize == 2)
  }

  @Test("null switches min-SNR weighting and clipping off")
  func switchedOff() throws {
    let config = try load("min_snr_gamma: null\nmax_gradient_norm: ~\n")
    #expect(config.objective.minSNRGamma == nil)
    #expect(config.optimization.maxGradientNorm == nil)
  }

  // MARK: Errors

  @Test("the error for an unknown option has its line and the nearest known option")
  func unknownKey() {
    #expect(
      sentence("steps: 3\n\nlearning_rat: 1\n")
        == "dog.yaml line 3: there is no option \"learning_rat\"; did you mean \"learning_rate\"?")
    #expect(
      sentence("rnak: 4\n")
        == "dog.yaml line 1: there is no option \"rnak\"; did you mean \"rank\"?")
    #expect(
      sentence("flavour: 4\n").hasPrefix(
        "dog.yaml line 1: there is no option \"flavour\"; the options are subject, steps, dataset, "
      ))
  }

  @Test(
    "the error for a wrong type has file, line, found and expected",
    arguments: [
      ("steps: many", "dog.yaml line 1: steps is \"many\", but must be a whole number."),
      ("steps: 1.5", "dog.yaml line 1: steps is \"1.5\", but must be a whole number."),
      ("steps:", "dog.yaml line 1: steps is nothing, but must be a whole number."),
      ("steps: [3]", "dog.yaml line 1: steps is a list, but must be a single value."),
      ("rank: {a: 1}", "dog.yaml line 1: rank is a group of options, but must be a single value."),
      ("seed: 1.5", "dog.yaml line 1: seed is \"1.5\", but must be a whole number of at least 0."),
      (
        "sample_seeds: [1.5]",
        "dog.yaml line 1: sample_seeds is \"1.5\", but must be a whole number of at least 0."
      ),
      ("learning_rate: fast", "dog.yaml line 1: learning_rate is \"fast\", but must be a number."),
      ("min_snr_gamma: x", "dog.yaml line 1: min_snr_gamma is \"x\", but must be a number."),
      (
        "gradient_checkpointing: 3",
        "dog.yaml line 1: gradient_checkpointing is \"3\", but must be true or false."
      ),
      (
        "targets: {to_q: 1}",
        "dog.yaml line 1: targets is a group of options, but must be a list such as [a, b]."
      ),
      (
        "sample_seeds: [1, x]",
        "dog.yaml line 1: sample_seeds is \"x\", but must be a whole number of at least 0."
      ),
      (
        "precision: fp8", "dog.yaml line 1: precision is \"fp8\", but must be fp32, bf16 or fp16."
      ),
      (
        "learning_rate_schedule: cosin",
        "dog.yaml line 1: learning_rate_schedule is \"cosin\", but must be constant, cosine, "
          + "cosine-with-restarts, linear, polynomial or rex."
      ),
      (
        "device: cuda:one",
        "dog.yaml line 1: device is \"cuda:one\", but must be auto, cpu, cuda or cuda:N."
      ),
      ("steps: 1:30", "dog.yaml line 1: steps is \"1:30\", but must be a whole number."),
      (
        "steps: 1:1:1:1:1:1:1:1:1:1:1:1:1:1",
        "dog.yaml line 1: steps is \"1:1:1:1:1:1:1:1:1:1:1:1:1:1\", but must be a whole number."
      ),
      (
        "steps: 99999999999999999999",
        "dog.yaml line 1: steps is \"99999999999999999999\", but must be a whole number from "
          + "-9223372036854775808 to 9223372036854775807."
      ),
    ])
  func wrongType(yaml: String, expected: String) {
    #expect(sentence(yaml) == expected)
  }

  @Test(
    "the error for a value out of range has found and allowed",
    arguments: [
      ("rank: 0", "rank is 0, but must be a whole number from 1 to 4096."),
      ("steps: 0", "steps is 0, but must be a whole number from 1 to 10000000."),
      ("batch_size: 0", "batch_size is 0, but must be a whole number from 1 to 4096."),
      (
        "gradient_accumulation: -2",
        "gradient_accumulation is -2, but must be a whole number from 1 to 4096."
      ),
      ("resolution: 1000", "resolution is 1000, but must be a multiple of 32 from 64 to 4096."),
      ("resolution: 32", "resolution is 32, but must be a multiple of 32 from 64 to 4096."),
      ("learning_rate: -1e-4", "learning_rate is -0.0001, but must be a number of at least 0."),
      ("learning_rate: .nan", "learning_rate is nan, but must be a number of at least 0."),
      ("alpha: .inf", "alpha is inf, but must be a number above 0."),
      ("adam_beta2: 1", "beta2 is 1.0, but must be at least 0 and below 1."),
      (
        "min_snr_gamma: 0",
        "min_snr_gamma is 0.0, but must be a number above 0, or null to switch it off."
      ),
      (
        "lora_targets: []",
        "targets is [], but must be attention, attention-ff, full, or a list of patterns such as "
          + "[to_q, to_v]."
      ),
      (
        "steps: 10\nlearning_rate_warmup_steps: 11",
        "learning_rate_warmup_steps is 11, but must be a whole number from 0 to the 10 steps of the run."
      ),
      (
        "checkpoint_every: -1",
        "checkpoint_every is -1, but must be a whole number from 0 to 10000000."
      ),
      (
        "validate_every: -1",
        "validate_every is -1, but must be a whole number from 0 to 10000000."
      ),
      ("prior_images: -1", "prior_images is -1, but must be a whole number from 0 to 10000."),
      (
        "class_prompts: [a dog, ' ']",
        "class_prompts is [\"a dog\", \" \"], but must be a list of texts, none of them blank."
      ),
      (
        "prior_weight: 0",
        "prior_weight is 0.0, but must be a number above 0 (prior_images: 0 switches class images "
          + "off)."
      ),
      ("ema: 1", "ema is 1.0, but must be at least 0 and below 1."),
      ("ema: -0.1", "ema is -0.1, but must be at least 0 and below 1."),
      (
        "optimizer: adamw-schedule-free\nema: 0.9",
        "ema is 0.9, but must be null with adamw-schedule-free, whose saved weights are averages "
          + "already."
      ),
      ("evaluate: ema", "evaluate is ema, but must be adapter unless ema is set."),
      ("prior_batch_size: 0", "prior_batch_size is 0, but must be a whole number from 1 to 4096."),
      ("prior_steps: 0", "prior_steps is 0, but must be a whole number from 1 to 1000."),
      ("prior_guidance: -1", "prior_guidance is -1.0, but must be a number of at least 0."),
      ("sample_guidance: -1", "sample_guidance is -1.0, but must be a number of at least 0."),
    ])
  func outOfRange(yaml: String, expected: String) {
    let line = yaml.split(separator: "\n").count
    #expect(sentence(yaml) == "dog.yaml line \(line): \(expected)")
  }

  @Test("an error in a flag names the flag")
  func flagErrors() {
    var flags = Self.flags()
    flags.set(\.$batchSize, to: 0)
    #expect(
      sentence("batch_size: 2", flags: flags)
        == "`batch_size` is 0, but must be a whole number from 1 to 4096.")
    flags = Self.flags()
    flags.set(\.$steps, to: "1:1:1:1:1:1:1:1:1:1:1:1:1:1")
    #expect(sentence("", flags: flags).hasPrefix("`steps` is \"1:1:1:1:"))
    flags = Self.flags()
    flags.set(\.$device, to: "gpu")
    #expect(
      sentence("", flags: flags) == "`device` is \"gpu\", but must be auto, cpu, cuda or cuda:N.")
  }

  @Test("a subject must be given and be the name of a folder", arguments: ["", "a/b", "..", ".x"])
  func subjects(name: String) {
    #expect(
      sentence("", flags: Self.flags(subject: name))
        == "`subject` is \"\(name)\", but must be the name of a folder in Datasets, without a slash."
    )
    #expect(
      sentence { try TrainingConfig.load(OptionOverrides(), folder: folder.url) }
        .hasPrefix("subject is \"\", but must be"))
  }

  @Test(
    "a subject with a reserved name is an error",
    arguments: ["base", "cache", "Cache", "runs.sqlite", "runs.sqlite-wal"])
  func reservedSubjects(name: String) {
    #expect(
      sentence("", flags: Self.flags(subject: name))
        == "`subject` is \"\(name)\", but must be another name, because this one is reserved; rename "
        + "the dataset folder.")
  }

  @Test(
    "the error for a file that is not a list of options has the line",
    arguments: [
      ("steps: 3\nrank: [1, 2\nseed: 1\n", "dog.yaml line 3: not valid YAML ("),
      ("steps: 3\n\trank: 1\n", "dog.yaml line 2: not valid YAML ("),
      (
        "steps: 3\nrank: 4\nsteps: 5\n",
        "dog.yaml: not valid YAML (steps is set more than once); "
      ),
      ("- steps\n", "dog.yaml line 1: not valid YAML (found a list)"),
      ("just words\n", "dog.yaml line 1: not valid YAML (found \"just words\")"),
      ("? [steps]\n: 3\n", "dog.yaml line 1: there is no option \"a list\"; the options are"),
    ])
  func malformed(yaml: String, expected: String) {
    let found = sentence(yaml)
    #expect(found.hasPrefix(expected), "\(found)")
  }

  @Test("a missing file and one that is not text are errors")
  func unreadable() throws {
    let missing = folder.url.appendingPathComponent("none.yaml")
    #expect(
      sentence { try TrainingConfig.load(Self.flags(), file: missing, folder: folder.url) }
        == "There is no configuration file none.yaml; check its path.")
    let binary = try folder.write(Data([0x73, 0xff, 0xfe]), to: "binary.yaml")
    #expect(
      sentence { try TrainingConfig.load(Self.flags(), file: binary, folder: folder.url) }
        == "binary.yaml cannot be read: some bytes are not UTF-8.")
  }
}
