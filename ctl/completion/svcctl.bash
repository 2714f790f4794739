# SPDX-License-Identifier: GPL-2.0-or-later
# bash completion for svcctl. Verbs and options are asked from svcctl itself, names from svcd.

_svcctl_names() {
	svcctl ${1:+--root "$1"} list --names 2>/dev/null
}

_svcctl() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} verb='' root='' i
	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		--root) root=${COMP_WORDS[++i]-} ;;
		-*) ;;
		*) [ -n "$verb" ] || verb=${COMP_WORDS[i]} ;;
		esac
	done
	case $before in
	--root)
		mapfile -t COMPREPLY < <(compgen -d -- "$word")
		return
		;;
	--remove)
		mapfile -t COMPREPLY < <(compgen -W "$(_svcctl_names "$root")" -- "$word")
		return
		;;
	-s | --signal)
		mapfile -t COMPREPLY < <(compgen -A signal -- "$word")
		return
		;;
	-o | --output)
		mapfile -t COMPREPLY < <(compgen -W 'text short json' -- "$word")
		return
		;;
	--stream)
		mapfile -t COMPREPLY < <(compgen -W 'stdout stderr' -- "$word")
		return
		;;
	esac
	if [[ $word == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(svcctl --words "${verb:-options}" 2>/dev/null)" -- "$word")
		[[ ${COMPREPLY[0]-} == *= ]] && compopt -o nospace
		return
	fi
	case $verb in
	'') mapfile -t COMPREPLY < <(compgen -W "$(svcctl --words verbs 2>/dev/null | cut -f1)" -- "$word") ;;
	validate) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
	schema | version) ;;
	firewall) mapfile -t COMPREPLY < <(compgen -W "show $(_svcctl_names "$root")" -- "$word") ;;
	*) mapfile -t COMPREPLY < <(compgen -W "$(_svcctl_names "$root")" -- "$word") ;;
	esac
}

complete -o filenames -F _svcctl svcctl
