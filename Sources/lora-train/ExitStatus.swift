import DreamBooth
import Foundation
import Images
import NN
import Pages
import RunLog
import StableDiffusion
import Torch

/// Exit codes, as in sysexits.h.
enum ExitStatus: Int32 {
  case usage = 64
  case badData = 65
  case missingInput = 66
  case unavailable = 69
  case internalError = 70
  case cannotWrite = 73
  case inputOutput = 74
  case busy = 75

  /// The code for an error of our libraries; nil for the argument parser's own, which knows best.
  init?(of error: any Error) {
    switch error {
    case let error as ConfigError: self = Self.status(error)
    case let error as DatasetError: self = Self.status(error)
    case let error as ImageError: self = Self.status(error)
    case let error as ModelError: self = Self.status(error)
    case let error as WeightsError: self = Self.status(error)
    case let error as CheckpointError: self = Self.status(error)
    case let error as FileAccessError: self = Self.status(error)
    case let error as CacheError:
      if case .preparing = error { self = .busy } else { self = .badData }
    case let error as PriorError: self = Self.status(error)
    case let error as RunLogError: self = Self.status(error)
    case let error as TrainingError:
      if case .noDevice = error { self = .unavailable } else { self = .badData }
    case let error as TorchError: self = error.isOutOfMemory ? .unavailable : .internalError
    case let error as SchedulerError:
      if case .unknownClass = error { self = .badData } else { self = .usage }
    case let error as DrawingError: self = Self.status(error)
    case is AdapterFileError, is TextEncoderError, is MaskError, is AdapterDiffers,
      is PictureRecordError, is CampaignError:
      self = .badData
    case is LoRAError, is UsageError: self = .usage
    case let error as ValidationError:
      if case .tooMany = error { self = .usage } else { self = .missingInput }
    case is NothingFound: self = .missingInput
    case is OutputExists: self = .cannotWrite
    case is OutputError: self = .inputOutput
    case is PNGEncodingError, is ImageGridError, is RGBImageError, is ResamplingError,
      is PageError:
      self = .internalError
    default: return nil
    }
  }

  private static func status(_ error: ConfigError) -> ExitStatus {
    switch error {
    case .missingFile: .missingInput
    case .unreadableFile: .inputOutput
    case .malformedFile, .unknownKey: .badData
    case .invalidValue(_, let origin, _, _):
      if case .file = origin { .badData } else { .usage }
    }
  }

  private static func status(_ error: DrawingError) -> ExitStatus {
    switch error {
    case .size, .noSteps: .usage
    case .latentNotFinite, .pictureNotFinite, .startSize, .otherLatents: .badData
    }
  }

  private static func status(_ error: DatasetError) -> ExitStatus {
    switch error {
    case .noSuchSubject, .noListedFolder, .empty: .missingInput
    case .unreadable: .inputOutput
    case .notAFolder, .captionNotUTF8, .captionsNotRead, .noFocusPoint, .brokenMetadata, .unusable:
      .badData
    }
  }

  private static func status(_ error: ImageError) -> ExitStatus {
    switch error.problem {
    case .missing: .missingInput
    case .unreadable: .inputOutput
    case .notAFile, .empty, .notAnImage, .truncated, .damaged, .tooLarge, .fileTooLarge: .badData
    }
  }

  private static func status(_ error: ModelError) -> ExitStatus {
    if case .missing = error { .missingInput } else { .badData }
  }

  private static func status(_ error: WeightsError) -> ExitStatus {
    switch error {
    case .notLoaded: .internalError
    case .noFile: .missingInput
    case .malformed, .noTensor, .mismatch: .badData
    case .unreadable: .inputOutput
    case .unwritable: .cannotWrite
    }
  }

  private static func status(_ error: CheckpointError) -> ExitStatus {
    switch error {
    case .damaged, .noneWhole, .otherFormat, .differs: .badData
    case .noSuchStep: .missingInput
    case .stepsDone: .usage
    case .unsaved: .inputOutput
    case .busy: .busy
    }
  }

  private static func status(_ error: FileAccessError) -> ExitStatus {
    switch error {
    case .unreadable: .inputOutput
    case .unwritable: .cannotWrite
    }
  }

  private static func status(_ error: PriorError) -> ExitStatus {
    switch error {
    case .noClassPrompt: .usage
    case .noFolder: .missingInput
    case .tooFew: .badData
    }
  }

  private static func status(_ error: RunLogError) -> ExitStatus {
    switch error {
    case .cannotOpen, .cannotWrite: .cannotWrite
    case .locked: .busy
    case .notADatabase, .damaged, .newerVersion, .badConfig: .badData
    case .noSuchRun: .missingInput
    case .noFreeID: .cannotWrite
    case .replaced: .inputOutput
    case .notFinite, .failed: .internalError
    }
  }
}

/// Options that do not go together.
struct UsageError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}

/// Something that was named is not there.
struct NothingFound: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}
