#pragma once
// What a ticket and a Permit are bound to. SHA-256 over length-prefixed fields (base/crypto.h, FieldHash), printed as
// 64 hexadecimal digits. Lists are preceded by their length, so that no two different actions have the same input:
//
//   "libguard action digest 1"
//   identity    tenant, account, provider, subject, verified
//   user        present, subject, account, verified
//   chain       count, then kind, name, verified of each hop (identity.chain, then request.hops); a task's name is text
//               that changes from run to run and is left out, its presence is not
//   action      request kind, tool, arguments, connection (as asked and as understood)
//   command     dialect, text, effect, kinds; the parameters: count, then type tag and bytes of each
//   versions    the definitions of what the command touches, else the catalogue version (guard/definitions.h);
//               snapshot (configuration and policies)
//   facts       touches: action, object, oid, bound, keys named, columns written, system, through a view;
//               functions: name, vetted, volatility, security definer
//   limits      row limit, bound on affected rows, read only, masked classes
//   stages      group, count, policy that asks
//
// Session, task text, record and credential ids, purpose and explanation stay out, so that asking again finds the open
// ticket. `digest_of` itself is declared in approver.h.

#include "approval/approver.h"
