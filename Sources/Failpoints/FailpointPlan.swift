#if DEBUG
  import Foundation
  import Synchronization

  /// The rules for failpoints, separated by commas. `rename:step-000004@2=kill` kills the process
  /// at the second rename whose path contains `step-000004`. A text that ends in `$` matches the
  /// end of the path.
  ///
  /// The point is a ``Failpoint``'s name or `any`. Text and number are optional. The action is
  /// `kill`, `power` (the process dies and the disk is left as after a power cut) or the name of an
  /// error: `ENOSPC` fails once, `ENOSPC+` fails from then on. Every point reached is appended to
  /// the file that `LORA_TRAIN_FAILPOINT_TRACE` names.
  final class FailpointPlan: Sendable {
    static let current = FailpointPlan(ProcessInfo.processInfo.environment)

    private enum Action: Equatable {
      case kill, power
      case fail(Int32, always: Bool)
    }

    private struct Rule {
      let point: String
      let text: String
      let number: Int
      let action: Action

      func matches(_ path: String) -> Bool {
        text.isEmpty
          || (text.hasSuffix("$") ? path.hasSuffix(text.dropLast()) : path.contains(text))
      }
    }

    private struct State {
      var reached: [Int]
      var unsynced = UnsyncedFiles()
    }

    private static let errors = [
      "ENOSPC": ENOSPC, "EROFS": EROFS, "EIO": EIO, "EACCES": EACCES, "EDQUOT": EDQUOT,
      "EINVAL": EINVAL, "EEXIST": EEXIST, "ENOLCK": ENOLCK,
    ]

    private let rules: [Rule]
    private let trace: CInt?
    private let state: Mutex<State>

    private init?(_ environment: [String: String]) {
      let plan = environment["LORA_TRAIN_FAILPOINT"]
      trace = environment["LORA_TRAIN_FAILPOINT_TRACE"].map {
        open($0, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o666)
      }
      guard plan != nil || trace != nil else { return nil }
      rules = (plan ?? "").split(separator: ",").compactMap { Self.rule(String($0)) }
      state = Mutex(State(reached: Array(repeating: 0, count: rules.count)))
    }

    /// The error that the system call after a point returns; nil: it is not made to fail.
    func reach(_ point: Failpoint, _ path: String) -> Int32? {
      state.withLock { state in
        if let trace {
          let line = "\(point.rawValue) \(path)\n"
          _ = line.withCString { Foundation.write(trace, $0, strlen($0)) }
        }
        if point == .write { state.unsynced.wrote(path) }
        for (index, rule) in rules.enumerated()
        where [point.rawValue, "any"].contains(rule.point)
          && rule.matches(path)
        {
          state.reached[index] += 1
          let count = state.reached[index]
          switch rule.action {
          case .kill where count == rule.number: Self.die()
          case .power where count == rule.number:
            state.unsynced.drop()
            Self.die()
          case .fail(let code, let always)
          where count == rule.number || always && count > rule.number:
            return code
          default: break
          }
        }
        return nil
      }
    }

    /// Records what is on the disk.
    func note(_ change: (inout UnsyncedFiles) -> Void) { state.withLock { change(&$0.unsynced) } }

    private static func die() {
      kill(getpid(), SIGKILL)
      while true { pause() }
    }

    private static func rule(_ text: String) -> Rule? {
      let sides = text.split(separator: "=", maxSplits: 1).map(String.init)
      guard sides.count == 2 else { return nil }
      let place = sides[0].split(separator: "@", maxSplits: 1).map(String.init)
      let name = place[0].split(separator: ":", maxSplits: 1).map(String.init)
      let always = sides[1].hasSuffix("+")
      let action: Action? =
        switch sides[1] {
        case "kill": .kill
        case "power": .power
        default:
          errors[sides[1].replacing("+", with: "")].map { .fail($0, always: always) }
        }
      guard let action else { return nil }
      return Rule(
        point: name[0], text: name.count > 1 ? name[1] : "",
        number: place.count > 1 ? Int(place[1]) ?? 1 : 1, action: action)
    }
  }
#endif
