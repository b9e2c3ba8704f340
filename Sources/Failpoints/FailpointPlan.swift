#if DEBUG
  import Foundation
  import Synchronization

  /// What happens at which failpoint: rules such as `rename:step-000004@2=kill`, separated by commas:
  /// the second time that a rename is reached whose path contains that text (or, where the text ends
  /// in `$`, ends in it), the process dies.
  ///
  /// The point is a ``Failpoint``'s name or `any`; text and number may be left out. What happens is
  /// `kill`, `power` (dies, and the disk is left as after a power cut), or the name of an error, with
  /// a plus for all times from then on: `ENOSPC+`. `LORA_TRAIN_FAILPOINT_TRACE` names a file that
  /// every point reached is appended to.
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

    /// The error that what follows a point has to fail with; nil for none.
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

    /// Takes note of what has become durable.
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
